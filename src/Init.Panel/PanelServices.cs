using Init.Admin.Events;
using Init.Admin.Http;
using Init.Routing.Store;

namespace Init.Panel;

/// <summary>What the panel's interface works with.</summary>
/// <param name="Admin">The supervisor, and what is told about this machine.</param>
/// <param name="Events">What happens.</param>
/// <param name="Routes">The rules in force.</param>
public sealed record PanelServices(AdminServices Admin, EventHub Events, RouteSource Routes);
