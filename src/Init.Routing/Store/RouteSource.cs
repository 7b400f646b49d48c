using Init.Routing.Matching;

namespace Init.Routing.Store;

/// <summary>
/// The rules in force: a snapshot that is swapped as a whole. Each request takes the reference once and keeps it, so an edit is in force for the next request, and
/// touches none that is under way.
/// </summary>
public sealed class RouteSource(RouteTable first)
{
    private volatile RouteTable _current = first;

    public RouteTable Current
    {
        get => _current;
        internal set => _current = value;
    }
}
