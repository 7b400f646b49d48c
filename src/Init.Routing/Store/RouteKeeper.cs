using System.Collections.Immutable;
using Init.Linux;
using Init.Routing.Matching;

namespace Init.Routing.Store;

/// <param name="State">As it is on disk.</param>
/// <param name="Table">The same, made ready for matching.</param>
public sealed record RoutesInForce(RouteState State, RouteTable Table);

/// <summary>
/// Owns the rules and their file. A change is decided, written, and only then in force: whatever has been answered survives a kill, and what cannot be written changes
/// nothing. There is one writer at a time; readers never wait.
/// </summary>
public sealed class RouteKeeper : IDisposable
{
    private readonly string _path;
    private readonly SemaphoreSlim _writer = new(1, 1);
    private volatile RoutesInForce _inForce;
    private volatile bool _isSaved;
    private string? _adminPassword;

    /// <param name="path">Of the file.</param>
    /// <param name="loaded">What was found in it.</param>
    public RouteKeeper(string path, LoadedRoutes loaded)
    {
        ArgumentNullException.ThrowIfNull(loaded);
        _path = path;
        _isSaved = loaded.IsSaved;
        _adminPassword = loaded.AdminPassword;
        _inForce = new RoutesInForce(loaded.State, new RouteTable(loaded.State.Configuration));
        Source = new RouteSource(_inForce.Table);
        Notes = loaded.Notes;
    }

    /// <summary>Raised after each change, once it is in force and before the next one; handlers have to be quick.</summary>
    public event EventHandler? Changed;

    /// <summary>What requests are routed by.</summary>
    public RouteSource Source { get; }

    public RoutesInForce InForce => _inForce;

    /// <summary>What was to be said about the file when it was read, for people.</summary>
    public ImmutableArray<string> Notes { get; }

    /// <summary>Never fails: what cannot be used is set aside and noted. Nothing is written before <see cref="SettleAsync"/>.</summary>
    /// <param name="path">Of the file.</param>
    /// <param name="now">Wall-clock time.</param>
    /// <param name="defaultBackend">What a new file has, and no rule; null: the default rules.</param>
    public static RouteKeeper Open(string path, DateTimeOffset now, string? defaultBackend = null) => new(path, RouteFile.Load(path, now, defaultBackend));

    /// <summary>The plain-text password of a file of the original. Given once: whoever takes it stores it hashed, before <see cref="SettleAsync"/> takes it out of the file.</summary>
    public string? TakeAdminPassword() => Interlocked.Exchange(ref _adminPassword, null);

    /// <summary>Writes what was taken over, or the default rules, so that the file is there to be looked at and backed up.</summary>
    /// <returns>Why that cannot be, for people; null when all is well.</returns>
    public async Task<string?> SettleAsync()
    {
        await _writer.WaitAsync();
        try
        {
            if (_isSaved)
                return null;

            string directory = Path.GetDirectoryName(_path) is { Length: > 0 } name ? name : ".";
            if (Files.MakeDirectories(directory, 0x1C0 /* 0700 */) is var errno and not 0)
                return $"cannot make directory {directory}: {Errno.Describe(errno)}; the rules are not kept";

            string? problem = RouteFile.Save(_path, _inForce.State);
            _isSaved = problem is null;
            return problem;
        }
        finally
        {
            _ = _writer.Release();
        }
    }

    /// <param name="command">What to do.</param>
    /// <param name="context">Who does it.</param>
    /// <param name="cancellation">Gives up waiting for one's turn; what has begun is carried through.</param>
    public async Task<RouteCommandResult> CarryOutAsync(RouteCommand command, CommandContext context, CancellationToken cancellation = default)
    {
        await _writer.WaitAsync(cancellation);
        try
        {
            // The disk may take its time, and so may ten thousand rules: not on a thread that others' requests wait for.
            return await Task.Run(() => CarryOut(command, context), CancellationToken.None);
        }
        finally
        {
            _ = _writer.Release();
        }
    }

    public void Dispose() => _writer.Dispose();

    private RouteCommandResult CarryOut(RouteCommand command, CommandContext context)
    {
        RoutesInForce present = _inForce;
        RouteCommandResult result = RouteStore.Apply(present.State, command, context);
        if (result is not RouteCommandResult.Done(var state, _, _) || ReferenceEquals(state, present.State))
            return result;

        // Made before anything is written: what cannot be made ready must not be in the file.
        RouteTable table = new(state.Configuration);
        if (RouteFile.Save(_path, state) is { } problem)
            return new RouteCommandResult.NotSaved(problem);

        _isSaved = true;
        Source.Current = table;
        _inForce = new RoutesInForce(state, table);
        Changed?.Invoke(this, EventArgs.Empty);
        return result;
    }
}
