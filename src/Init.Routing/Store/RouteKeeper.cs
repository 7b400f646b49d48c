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

    /// <summary>The file as we have read or written it last; another one is somebody else's. Guarded by <see cref="_writer"/>.</summary>
    private FileStatus? _known;
    private string? _adminPassword;

    /// <param name="path">Of the file.</param>
    /// <param name="loaded">What was found in it.</param>
    public RouteKeeper(string path, LoadedRoutes loaded)
    {
        ArgumentNullException.ThrowIfNull(loaded);
        _path = path;
        _known = Files.StatusOf(path);
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
            // A restore may have been there since: then what it has brought is to be taken over and not to be overwritten.
            if (_isSaved || IsReplaced)
                return null;

            string directory = Path.GetDirectoryName(_path) is { Length: > 0 } name ? name : ".";
            if (Files.MakeDirectories(directory, 0x1C0 /* 0700 */) is var errno and not 0)
                return $"cannot make directory {directory}: {Errno.Describe(errno)}; the rules are not kept";

            string? problem = Save(_inForce.State);
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

    /// <summary>
    /// Takes over what somebody else has put into the file: a restore, or a person with an editor. Its history comes with it. What cannot be used changes nothing. Afterwards
    /// <see cref="TakeAdminPassword"/> and <see cref="SettleAsync"/>, as at the start.
    /// </summary>
    /// <param name="now">Wall-clock time.</param>
    /// <returns>For people: what was done, or why nothing could be; empty when the file is as we know it.</returns>
    public async Task<ImmutableArray<string>> TakeOverAsync(DateTimeOffset now)
    {
        await _writer.WaitAsync();
        try
        {
            return await Task.Run(() => TakeOver(now));
        }
        finally
        {
            _ = _writer.Release();
        }
    }

    public void Dispose() => _writer.Dispose();

    private bool IsReplaced => Files.StatusOf(_path) is { } found && found != _known;

    private ImmutableArray<string> TakeOver(DateTimeOffset now)
    {
        if (!IsReplaced)
            return [];

        _known = Files.StatusOf(_path);
        RoutesInForce present = _inForce;
        if (RouteFile.LoadAgain(_path, out string? problem) is not { } loaded)
            return problem is null ? [] : [$"cannot use {_path}, which somebody has changed: {problem}; the rules stay as they are"];

        // Who has seen a revision must not take another document for it.
        bool isAmbiguous = loaded.State.Revision == present.State.Revision;
        RouteState state = isAmbiguous ? present.State.With(loaded.State.Configuration, "the file", now, "took over what somebody has written there") : loaded.State;
        _isSaved = loaded.IsSaved && !isAmbiguous;
        _adminPassword = loaded.AdminPassword;
        if (ReferenceEquals(state, present.State))
            return loaded.Notes;

        PutInForce(state, new RouteTable(state.Configuration));
        return [$"took over {_path}, which somebody has changed: {state.Configuration.Rules.Length} rules, revision {state.Revision}", .. loaded.Notes];
    }

    private string? Save(RouteState state)
    {
        string? problem = RouteFile.Save(_path, state);
        _known = Files.StatusOf(_path);
        return problem;
    }

    private void PutInForce(RouteState state, RouteTable table)
    {
        Source.Current = table;
        _inForce = new RoutesInForce(state, table);
        Changed?.Invoke(this, EventArgs.Empty);
    }

    private RouteCommandResult CarryOut(RouteCommand command, CommandContext context)
    {
        // Written a moment ago by a restore, and not heard of yet: it must not be overwritten.
        _ = TakeOver(DateTimeOffset.UtcNow);
        RoutesInForce present = _inForce;
        RouteCommandResult result = RouteStore.Apply(present.State, command, context);
        if (result is not RouteCommandResult.Done(var state, _, _) || ReferenceEquals(state, present.State))
            return result;

        // Made before anything is written: what cannot be made ready must not be in the file.
        RouteTable table = new(state.Configuration);
        if (Save(state) is { } problem)
            return new RouteCommandResult.NotSaved(problem);

        _isSaved = true;
        PutInForce(state, table);
        return result;
    }
}
