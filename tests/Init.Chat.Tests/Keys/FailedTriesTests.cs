using System.Net;
using Init.Base;
using Init.Chat.Keys;

namespace Init.Chat.Tests.Keys;

public sealed class FailedTriesTests
{
    private static readonly Instant T0 = new(1_000_000_000);

    [Fact]
    public void Note_WhenAnAddressHasTriedTooOften_TellsItToWaitAndNobodyElse()
    {
        FailedTries tries = new();
        IPAddress stranger = IPAddress.Parse("203.0.113.7");
        for (int i = 0; i < FailedTries.PerMinute; i++)
            Assert.Equal(TimeSpan.Zero, tries.Note(stranger, T0));

        TimeSpan wait = tries.Note(IPAddress.Parse("::ffff:203.0.113.7"), T0);
        Assert.InRange(wait.TotalSeconds, 1, 2);
        Assert.Equal(TimeSpan.Zero, tries.Note(IPAddress.Parse("203.0.113.8"), T0));
        Assert.Equal(TimeSpan.Zero, tries.Note(stranger, T0 + wait));
    }

    [Fact]
    public void Note_WhenAddressesAreOfOneNetwork_TakesThemAsOne()
    {
        FailedTries tries = new();
        for (int i = 0; i < FailedTries.PerMinute; i++)
            Assert.Equal(TimeSpan.Zero, tries.Note(IPAddress.Parse($"2001:db8:1:2::{i + 1:x}"), T0));
        Assert.NotEqual(TimeSpan.Zero, tries.Note(IPAddress.Parse("2001:db8:1:2:ffff::1"), T0));
    }

    [Fact]
    public void Note_WhenMillionsOfAddressesCome_KeepsABoundedTable()
    {
        FailedTries tries = new();
        for (int i = 0; i < 50_000; i++)
            _ = tries.Note(new IPAddress(BitConverter.GetBytes(i)), T0 + TimeSpan.FromMilliseconds(i));
        Assert.InRange(tries.Count, 1, FailedTries.AddressesMax);
    }
}
