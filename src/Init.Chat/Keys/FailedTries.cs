using System.Net;
using System.Net.Sockets;
using Init.Base;

namespace Init.Chat.Keys;

/// <summary>
/// Limits how often an address may come with a key that is none. It never keeps a good key out: those are looked up first, which takes less than a microsecond, so a stranger behind the owner's address is no trouble to the owner.
/// Several threads may call it.
/// </summary>
internal sealed class FailedTries
{
    /// <summary>As many at once, and this many a minute.</summary>
    public const int PerMinute = 30;

    /// <summary>Beyond it those that have been quiet make room, or else all: to be forgotten costs nobody anything but a stranger's wait.</summary>
    public const int AddressesMax = 4096;

    private static readonly TimeSpan PerTry = TimeSpan.FromMinutes(1) / PerMinute;

    private readonly Lock _lock = new();

    /// <summary>The budget as a point in time, which each try moves on and which must not get more than a minute ahead (GCRA).</summary>
    private readonly Dictionary<string, Instant> _budgets = [];

    public int Count
    {
        get
        {
            lock (_lock)
                return _budgets.Count;
        }
    }

    /// <returns>Zero: it is told what was wrong with it. Otherwise how long it should wait.</returns>
    public TimeSpan Note(IPAddress? address, Instant now)
    {
        string lane = LaneOf(address);
        lock (_lock)
        {
            Instant budget = _budgets.TryGetValue(lane, out Instant known) && known > now ? known : now;
            TimeSpan ahead = budget - now, allowed = TimeSpan.FromMinutes(1) - PerTry;
            if (ahead > allowed)
                return ahead - allowed;
            if (_budgets.Count >= AddressesMax && !_budgets.ContainsKey(lane))
                MakeRoom(now);
            _budgets[lane] = budget + PerTry;
            return TimeSpan.Zero;
        }
    }

    private void MakeRoom(Instant now)
    {
        foreach (var (lane, budget) in _budgets)
        {
            if (budget <= now)
                _ = _budgets.Remove(lane); // Removing is allowed while a dictionary is gone through.
        }

        if (_budgets.Count >= AddressesMax)
            _budgets.Clear();
    }

    /// <summary>Of IPv6 the /64: whoever has one address has all of that network.</summary>
    private static string LaneOf(IPAddress? address)
    {
        if (address is null)
            return "unix";
        IPAddress plain = NetworkText.Plain(address);
        if (plain.AddressFamily != AddressFamily.InterNetworkV6)
            return plain.ToString();
        byte[] bytes = plain.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes) + "/64";
    }
}
