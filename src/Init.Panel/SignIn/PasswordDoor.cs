using System.Security.Cryptography;
using System.Text;
using Init.Base;

namespace Init.Panel.SignIn;

/// <summary>What became of an attempt.</summary>
internal abstract record Attempt
{
    private Attempt()
    {
    }

    /// <param name="Record">Whose password it is.</param>
    public sealed record Right(AdminRecord Record) : Attempt;

    public sealed record Wrong : Attempt;

    /// <param name="Delay">Until it may be tried again; nothing was compared.</param>
    public sealed record TooMany(TimeSpan Delay) : Attempt;
}

/// <summary>The only way to have a password checked: as often as <see cref="SignInThrottle"/> lets it, and one at a time for strangers and one for the others.</summary>
internal sealed class PasswordDoor(Func<AdminRecord> current, TimeProvider clock) : IDisposable
{
    /// <summary>Strangers who wait until it is their turn, a fifth of a second each; further ones are sent away.</summary>
    private const int WaitingMax = 16;

    private static readonly TimeSpan WhenFull = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly SignInThrottle _throttle = new();
    private readonly Turn _strangers = new(), _known = new();

    /// <summary>Known to this process only, so that what is remembered is of no use outside.</summary>
    private readonly byte[] _processKey = RandomNumberGenerator.GetBytes(32);

    private Remembered? _remembered;

    /// <param name="lane">Whose attempt it is.</param>
    /// <param name="password">As it was sent.</param>
    /// <param name="remembers">True: once right, it need not be derived again for as long as this process lives. For scripts, which send it with every request.</param>
    public async Task<Attempt> TryAsync(AttemptLane lane, string password, bool remembers = false)
    {
        AdminRecord record = current();
        Turn turn = lane.IsStranger ? _strangers : _known;
        byte[]? digest = remembers ? HMACSHA256.HashData(_processKey, Encoding.UTF8.GetBytes(password)) : null;
        lock (_lock)
        {
            // Before anything is compared: a stranger must not learn from the remembered one, which costs him nothing, what he may not try on the real one.
            TimeSpan delay = _throttle.DelayOf(lane, Now());
            if (delay > TimeSpan.Zero)
                return new Attempt.TooMany(delay);
            if (digest is not null && _remembered is { } remembered && ReferenceEquals(remembered.Record, record) && CryptographicOperations.FixedTimeEquals(remembered.Digest, digest))
                return new Attempt.Right(record);
            if (turn.Waiting >= WaitingMax)
                return new Attempt.TooMany(WhenFull);

            turn.Waiting++;
            _ = _throttle.Begin(lane, Now());
        }

        bool isRight;
        await turn.Slot.WaitAsync();
        try
        {
            isRight = password.Length <= PasswordRules.LengthMax && await Task.Run(() => PasswordHash.TryParse(record.Password)!.IsOf(password));
        }
        finally
        {
            _ = turn.Slot.Release();
            lock (_lock)
                turn.Waiting--;
        }

        lock (_lock)
        {
            if (!isRight)
            {
                _throttle.Fail(lane, Now());
                return new Attempt.Wrong();
            }

            _throttle.Succeed(lane);
            if (digest is not null)
                _remembered = new Remembered(record, digest);
        }

        return new Attempt.Right(record);
    }

    public void Dispose()
    {
        _strangers.Slot.Dispose();
        _known.Slot.Dispose();
    }

    private Instant Now() => new(clock.GetElapsedTime(0).Ticks * 100);

    private sealed record Remembered(AdminRecord Record, byte[] Digest);

    private sealed class Turn
    {
        public SemaphoreSlim Slot { get; } = new(1);

        public int Waiting { get; set; }
    }
}
