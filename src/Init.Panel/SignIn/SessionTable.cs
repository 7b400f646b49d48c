using System.Collections.Immutable;

namespace Init.Panel.SignIn;

/// <summary>Somebody who has signed in, until he signs out, is signed out, or stays away too long.</summary>
#pragma warning disable CA1001 // Nothing to dispose of: the source has no timer, and nobody asks it for a handle to wait on.
internal sealed class Session(SessionRecord record)
#pragma warning restore CA1001
{
    private readonly CancellationTokenSource _ended = new();

    public SessionRecord Record { get; set; } = record;

    /// <summary>What he follows ends with it.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>Never under a lock: it runs what others have registered.</summary>
    public void End() => _ended.Cancel();
}

/// <summary>The sessions there are. The caller holds a lock, and ends what is taken out.</summary>
/// <param name="lifetime">Without a request.</param>
internal sealed class SessionTable(TimeSpan lifetime)
{
    /// <summary>Last seen is written this often, so that not every request writes to the disk.</summary>
    public static readonly TimeSpan SeenPrecision = TimeSpan.FromMinutes(1);

    private const int UserAgentMax = 256;

    private readonly Dictionary<string, Session> _byDigest = [];

    public IEnumerable<Session> All => _byDigest.Values;

    public void Restore(ImmutableArray<SessionRecord> records, DateTimeOffset now)
    {
        foreach (SessionRecord record in records)
        {
            if (!IsOver(record, now))
                _byDigest[record.Digest] = new Session(record);
        }
    }

    /// <returns>The new one; and the oldest, which had to make room.</returns>
    public (Session Created, Session? Crowded) Create(string digest, string address, string userAgent, DateTimeOffset now)
    {
        Session? oldest = _byDigest.Count < SessionsRecord.SessionsMax ? null : _byDigest.Values.MinBy(session => session.Record.LastSeenAt);
        if (oldest is not null)
            _ = _byDigest.Remove(oldest.Record.Digest);

        long at = now.ToUnixTimeMilliseconds();
        Session created = new(new SessionRecord(digest, at, at, address, userAgent.Length > UserAgentMax ? userAgent[..UserAgentMax] : userAgent));
        _byDigest[digest] = created;
        return (created, oldest);
    }

    /// <param name="isOver">It is there no longer: the caller ends it.</param>
    public Session? Find(string digest, DateTimeOffset now, out bool isOver)
    {
        isOver = false;
        if (!_byDigest.TryGetValue(digest, out Session? session))
            return null;

        isOver = IsOver(session.Record, now);
        if (isOver)
            _ = _byDigest.Remove(digest);
        return session;
    }

    /// <summary>True when it is worth writing.</summary>
    public static bool Touch(Session session, string address, DateTimeOffset now)
    {
        long at = now.ToUnixTimeMilliseconds();
        if (at - session.Record.LastSeenAt < SeenPrecision.TotalMilliseconds && at >= session.Record.LastSeenAt)
            return false;

        session.Record = session.Record with { LastSeenAt = at, Address = address };
        return true;
    }

    public bool Remove(Session session) => _byDigest.Remove(session.Record.Digest);

    public long ExpiresAt(Session session) => session.Record.LastSeenAt + (long)lifetime.TotalMilliseconds;

    private bool IsOver(SessionRecord record, DateTimeOffset now) => now.ToUnixTimeMilliseconds() >= record.LastSeenAt + (long)lifetime.TotalMilliseconds;
}
