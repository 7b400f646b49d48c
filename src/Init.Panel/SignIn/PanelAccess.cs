using System.Collections.Immutable;
using System.Diagnostics;
using Init.Config;
using Microsoft.Extensions.Logging;

namespace Init.Panel.SignIn;

/// <summary>
/// Who may use the panel: the password, the sessions and the API tokens, in memory and on disk. What changes them is on disk before it is answered; what only counts (last seen,
/// last used) is written now and then.
/// </summary>
public sealed class PanelAccess : IDisposable
{
    private readonly AdminFiles _files;
    private readonly PanelSettings _settings;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly int _iterations;

    /// <summary>Guards what follows; never held while the disk is waited for.</summary>
    private readonly Lock _lock = new();
    private readonly SessionTable _sessions;
    private readonly Dictionary<string, long> _tokenUses = [];
    private readonly Dictionary<string, CancellationTokenSource> _tokenEnds = [];
    private AdminRecord? _record;

    /// <summary>One change of admin.json at a time, and one writer of admin-sessions.json.</summary>
    private readonly SemaphoreSlim _changing = new(1), _savingSessions = new(1);
    private bool _isSessionsTroubleTold;

    private PanelAccess(PanelSettings settings, TimeProvider clock, ILogger log, int iterations)
    {
        _settings = settings;
        _clock = clock;
        _log = log;
        _iterations = iterations;
        _files = new AdminFiles(settings.StoreFile);
        _sessions = new SessionTable(settings.SessionLifetime);
        Door = new PasswordDoor(() => Record, clock);
    }

    /// <summary>Done when it is known which password is in force; deriving one takes a moment, in which the port is open already.</summary>
    public Task Ready { get; private set; } = Task.CompletedTask;

    /// <summary>How passwords are tried.</summary>
    internal PasswordDoor Door { get; }

    internal PanelSettings Settings => _settings;

    /// <summary>What sessions run out by.</summary>
    internal TimeProvider Clock => _clock;

    /// <summary>Once <see cref="Ready"/>.</summary>
    internal AdminRecord Record
    {
        get
        {
            lock (_lock)
                return _record ?? throw new InvalidOperationException("asked before it was ready");
        }
    }

    /// <param name="settings">Where the files are, and how long a sign-in lasts.</param>
    /// <param name="originalPassword">In plain text, out of a file of the original; null: there was none.</param>
    /// <param name="clock">The wall clock for what is stored, its timestamps for delays.</param>
    /// <param name="log">Is told a password that was made up.</param>
    public static PanelAccess Open(PanelSettings settings, string? originalPassword, TimeProvider clock, ILogger log) =>
        Open(settings, originalPassword, clock, log, PasswordHash.IterationsByDefault);

    internal static PanelAccess Open(PanelSettings settings, string? originalPassword, TimeProvider clock, ILogger log, int iterations)
    {
        ArgumentNullException.ThrowIfNull(settings);
        PanelAccess access = new(settings, clock, log, iterations);
        access.Ready = Task.Run(() => access.Start(originalPassword));
        return access;
    }

    public void Dispose()
    {
        Door.Dispose();
        _changing.Dispose();
        _savingSessions.Dispose();
    }

    private DateTimeOffset Now => _clock.GetUtcNow();

    private void Start(string? originalPassword)
    {
        try
        {
            AdminRecord? stored = _files.Load(Now, out string? note);
            SessionsRecord? sessions = _files.LoadSessions(Now, out string? sessionsNote);
            foreach (string text in new[] { note, sessionsNote }.OfType<string>())
                _log.SignInNote(text);

            AdminRecord record = Decide(stored, originalPassword);
            lock (_lock)
            {
                _record = record;
                if (sessions?.Seal == record.Seal)
                    _sessions.Restore(sessions.Sessions, Now);
                foreach (var (id, at) in sessions?.TokenUses ?? ImmutableDictionary<string, long>.Empty)
                    _tokenUses[id] = at;
            }
        }
        catch (Exception exception)
        {
            // Nobody gets in then, and what is forwarded is not concerned.
            _log.NobodyCanSignIn(exception);
            throw;
        }
    }

    /// <summary>
    /// Takes over an admin.json that somebody else has put in place, as a restore does, by the same rules as at the start. Whoever has signed in by another password is signed out. One
    /// that cannot be used is set aside, and changes nothing.
    /// </summary>
    /// <param name="originalPassword">As at the start.</param>
    public async Task TakeOverAsync(string? originalPassword)
    {
        await Task.WhenAny(Ready);
        if (!Ready.IsCompletedSuccessfully)
            return;

        AdminRecord before, after;
        await _changing.WaitAsync();
        try
        {
            if (!_files.IsReplaced && originalPassword is null)
                return;

            before = Record;
            after = await Task.Run(() => LoadAgain(before, originalPassword));
            lock (_lock)
                _record = after;
        }
        finally
        {
            _ = _changing.Release();
        }

        foreach (TokenRecord gone in before.Tokens.Where(token => !after.Tokens.Any(other => other.Digest == token.Digest)))
            await EndTokenAsync(gone.Id);
        if (after.Seal != before.Seal && await EndSessionsAsync(_ => true) == 0)
            await SaveSessionsAsync(); // The seal is another one.
    }

    private AdminRecord LoadAgain(AdminRecord present, string? originalPassword)
    {
        string? note = null;
        AdminRecord? stored = _files.IsReplaced ? _files.Load(Now, out note) : null;
        if (note is not null)
            _log.SignInNote(note);
        AdminRecord record = Decide(stored ?? present, originalPassword);
        if (ReferenceEquals(record, stored) && record.Seal != present.Seal)
            _log.PasswordPutThere(_files.MainPath);
        return record;
    }

    private AdminRecord Decide(AdminRecord? stored, string? originalPassword)
    {
        string? given = _settings.GivenPassword;
        bool isGivenKnown = given is not null && PasswordHash.TryParse(stored?.FromEnvironment) is { } known && known.IsOf(given);
        PasswordChoice choice = PasswordChoice.Decide(stored?.Source, given, isGivenKnown, originalPassword);
        foreach (string text in choice.Notes)
            _log.SignInNote(text);
        return choice.Take is { } source ? Take(source, stored, given, originalPassword) : stored!;
    }

    private AdminRecord Take(PasswordSource source, AdminRecord? stored, string? given, string? original)
    {
        string password = source switch
        {
            PasswordSource.Environment => given!,
            PasswordSource.Original => original!,
            PasswordSource.Generated => PasswordRules.MakeUp(),
            _ => throw new UnreachableException(),
        };

        // Said before it is stored: a kill in between makes up another one, and never one that nobody has seen.
        if (source == PasswordSource.Generated)
            _log.PasswordMadeUp(password);
        else
            _log.PasswordTaken(source == PasswordSource.Environment ? "what ADMIN_PASSWORD says" : "the one of the original's file, stored as a hash");

        PasswordHash hash = PasswordHash.Of(password, _iterations);
        PasswordHash? fromEnvironment = source == PasswordSource.Environment ? hash : PasswordHash.TryParse(stored?.FromEnvironment);
        AdminRecord record = AdminRecord.New(hash, source, fromEnvironment, stored?.Tokens ?? []);

        // Deriving takes its time, and a restore may have been faster: what it has brought must not be overwritten.
        if (_files.IsReplaced)
            return LoadAgain(record, original);
        if (_files.Save(record) is { } problem)
            _log.PasswordNotKept(problem);
        return record;
    }

    // --- Sessions -----------------------------------------------------------------------------------------------------

    /// <returns>The cookie's value; null when the password was changed meanwhile.</returns>
    internal async Task<(string Cookie, long ExpiresAt)?> SignInAsync(AdminRecord verified, string address, string userAgent)
    {
        string cookie = SecretId.MakeUp();
        Session? crowded;
        long expiresAt;
        lock (_lock)
        {
            if (_record?.Password != verified.Password)
                return null;

            (Session created, crowded) = _sessions.Create(SecretId.DigestOf(cookie), address, userAgent, Now);
            expiresAt = _sessions.ExpiresAt(created);
        }

        crowded?.End();
        await SaveSessionsAsync();
        _log.SignedIn(address);
        return (cookie, expiresAt);
    }

    /// <summary>Whose cookie it is; null: nobody's.</summary>
    /// <param name="cookie">As the client sent it.</param>
    /// <param name="address">Where from.</param>
    /// <param name="isSeen">It had not been seen for a while: time to make the browser keep it for longer.</param>
    internal Session? FindSession(string? cookie, string address, out bool isSeen)
    {
        isSeen = false;
        if (cookie is not { Length: SecretId.Length })
            return null;

        Session? session;
        bool isOver;
        lock (_lock)
        {
            session = _sessions.Find(SecretId.DigestOf(cookie), Now, out isOver);
            if (session is not null && !isOver)
                isSeen = SessionTable.Touch(session, address, Now);
        }

        if (isOver)
            session?.End();
        if (isSeen)
            _ = SaveSessionsAsync();
        return isOver ? null : session;
    }

    internal long ExpiresAt(Session session)
    {
        lock (_lock)
            return _sessions.ExpiresAt(session);
    }

    /// <summary>Who was seen last comes first.</summary>
    internal ImmutableArray<SessionRecord> ListSessions()
    {
        long now = Now.ToUnixTimeMilliseconds();
        lock (_lock)
            return [.. _sessions.All.Where(session => _sessions.ExpiresAt(session) > now).Select(session => session.Record).OrderByDescending(record => record.LastSeenAt)];
    }

    /// <returns>How many there were.</returns>
    internal async Task<int> EndSessionsAsync(Func<Session, bool> isMeant)
    {
        List<Session> ended;
        lock (_lock)
        {
            ended = [.. _sessions.All.Where(isMeant)];
            foreach (Session session in ended)
                _ = _sessions.Remove(session);
        }

        foreach (Session session in ended)
            session.End();
        if (ended.Count > 0)
            await SaveSessionsAsync();
        return ended.Count;
    }

    internal void TellWrong(string address) => _log.WrongPassword(address);

    // --- Password and tokens ------------------------------------------------------------------------------------------

    /// <summary>Ends every session but the one given.</summary>
    /// <returns>Null when it is on disk; otherwise why not, and nothing was changed.</returns>
    internal async Task<string?> ChangePasswordAsync(string password, Session? kept, string who)
    {
        PasswordHash hash = await Task.Run(() => PasswordHash.Of(password, _iterations));
        string? problem = await ChangeAsync(record => AdminRecord.New(hash, PasswordSource.Person, PasswordHash.TryParse(record.FromEnvironment), record.Tokens));
        if (problem is not null)
            return problem;

        _log.PasswordChanged(who);
        if (await EndSessionsAsync(session => session != kept) == 0)
            await SaveSessionsAsync(); // The seal is another one.
        return null;
    }

    internal ImmutableArray<(TokenRecord Token, long? LastUsedAt)> ListTokens()
    {
        lock (_lock)
            return [.. (_record?.Tokens ?? []).Select(token => (token, _tokenUses.TryGetValue(token.Id, out long at) ? at : (long?)null))];
    }

    internal async Task<TokenResult> AddTokenAsync(TokenRecord token)
    {
        string? refusal = null;
        string? problem = await ChangeAsync(record =>
        {
            refusal = record.Tokens.Length >= AdminRecord.TokensMax ? $"there are {AdminRecord.TokensMax} tokens; take one away first"
                : record.Tokens.Any(other => other.Name == token.Name) ? $"a token is called \"{token.Name}\" already; choose another name"
                : null;
            return refusal is null ? record with { Tokens = record.Tokens.Add(token) } : record;
        });
        return refusal is not null ? new TokenResult.Refused(refusal) : problem is not null ? new TokenResult.NotSaved(problem) : new TokenResult.Added();
    }

    /// <returns>Why it was not stored, or null.</returns>
    internal async Task<string?> RemoveTokenAsync(string id)
    {
        string? problem = await ChangeAsync(record => record with { Tokens = record.Tokens.RemoveAll(token => token.Id == id) });
        if (problem is not null)
            return problem;

        await EndTokenAsync(id);
        return null;
    }

    private async Task EndTokenAsync(string id)
    {
        CancellationTokenSource? end;
        lock (_lock)
        {
            _ = _tokenUses.Remove(id);
            _ = _tokenEnds.Remove(id, out end);
        }

        if (end is not null)
            await end.CancelAsync();
    }

    /// <param name="value">What the client sent after "Bearer".</param>
    /// <param name="ended">Ends when the token is taken away.</param>
    internal TokenRecord? FindToken(string value, out CancellationToken ended)
    {
        ended = default;
        string digest = SecretId.DigestOf(value);
        bool isSeen;
        TokenRecord? token;
        lock (_lock)
        {
            token = _record?.Tokens.FirstOrDefault(token => token.Digest == digest);
            if (token is null)
                return null;

            long now = Now.ToUnixTimeMilliseconds();
            isSeen = !_tokenUses.TryGetValue(token.Id, out long last) || now - last >= SessionTable.SeenPrecision.TotalMilliseconds;
            if (isSeen)
                _tokenUses[token.Id] = now;
            if (!_tokenEnds.TryGetValue(token.Id, out CancellationTokenSource? end))
                _tokenEnds[token.Id] = end = new CancellationTokenSource();
            ended = end.Token;
        }

        if (isSeen)
            _ = SaveSessionsAsync();
        return token;
    }

    // --- Disk ---------------------------------------------------------------------------------------------------------

    /// <summary>In force once it is on disk.</summary>
    private async Task<string?> ChangeAsync(Func<AdminRecord, AdminRecord> change)
    {
        await _changing.WaitAsync();
        try
        {
            AdminRecord present = Record;
            AdminRecord changed = change(present);
            if (ReferenceEquals(changed, present))
                return null;
            if (await Task.Run(() => _files.Save(changed)) is { } problem)
                return problem;

            lock (_lock)
                _record = changed;
            return null;
        }
        finally
        {
            _ = _changing.Release();
        }
    }

    private async Task SaveSessionsAsync()
    {
        await _savingSessions.WaitAsync();
        try
        {
            SessionsRecord record;
            lock (_lock)
                record = new SessionsRecord(Record.Seal, [.. _sessions.All.Select(session => session.Record)], _tokenUses.ToImmutableDictionary());
            string? problem = await Task.Run(() => _files.Save(record));
            if (problem is not null && !_isSessionsTroubleTold)
                _log.SessionsNotKept(problem);
            _isSessionsTroubleTold = problem is not null;
        }
        finally
        {
            _ = _savingSessions.Release();
        }
    }
}
