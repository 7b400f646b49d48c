using Init.Admin.Events;
using Init.Admin.Http;
using Init.Panel.Backup;
using Init.Panel.Chat;
using Init.Panel.Rules;
using Init.Panel.SignIn;

namespace Init.Panel;

/// <summary>What the panel's interface works with.</summary>
/// <param name="Admin">The supervisor, and what is told about this machine.</param>
/// <param name="Events">What happens.</param>
/// <param name="Rules">The routing rules, and what they have had to do.</param>
/// <param name="Access">Who may.</param>
public sealed record PanelServices(AdminServices Admin, EventHub Events, RulesServices Rules, PanelAccess Access)
{
    /// <summary>The backup's role; null: nothing is known of where it listens.</summary>
    public BackupLink? Backup { get; init; }

    /// <summary>The chat's role; null: nothing is known of where it listens.</summary>
    public ChatLink? Chat { get; init; }
}
