using System.Text;
using Init.Engine.Listeners;

namespace Init.Engine.Tests.Listeners;

public sealed class ListenerProtocolTests
{
    private readonly ListenerProtocol _protocol = new();

    [Fact]
    public void Listener_WhenItAnswersInTurn_GoesThroughItsStates()
    {
        Assert.Equal(ListenerState.Acknowledged, _protocol.State);

        Assert.Equal([new ListenerSign.Ready()], Take("READY\n"));
        Assert.Equal(ListenerState.Ready, _protocol.State);

        _protocol.BeginEvent();
        Assert.Equal(ListenerState.Busy, _protocol.State);

        Assert.Equal([new ListenerSign.Accepted()], Take("RESULT 2\nOK"));
        Assert.Equal(ListenerState.Acknowledged, _protocol.State);

        Assert.Equal([new ListenerSign.Ready()], Take("READY\n"));
    }

    [Theory]
    [InlineData("RESULT 4\nFAIL")]
    [InlineData("RESULT 2\nKO")]
    [InlineData("RESULT 3\nOK\n")]
    [InlineData("RESULT 1\nO")]
    [InlineData("RESULT 0\n")]
    public void Result_OtherThanOk_RejectsTheEvent(string result)
    {
        MakeBusy();

        Assert.Equal([new ListenerSign.Rejected()], Take(result));
        Assert.Equal(ListenerState.Acknowledged, _protocol.State);
    }

    [Theory]
    [InlineData("RESULT 2\r\nOK")]
    [InlineData("RESULT  2 \nOK")]
    public void Result_WithWhiteSpaceAroundTheNumber_Counts(string result)
    {
        MakeBusy();

        Assert.Equal([new ListenerSign.Accepted()], Take(result));
    }

    [Theory]
    [InlineData("RESULT x\nOK", "RESULT x")]
    [InlineData("RESULT\n", "RESULT")]
    [InlineData("RESULT -1\n", "RESULT -1")]
    [InlineData("RESULT 1048577\n", "RESULT 1048577")]
    [InlineData("RESULT 99999999999999999999\n", "RESULT 99999999999999999999")]
    [InlineData("READY\n", "READY")]
    [InlineData("hello 2\nOK", "hello 2")]
    [InlineData("\n", "")]
    public void ResultLine_ThatIsNone_BreaksForGood(string said, string line)
    {
        MakeBusy();

        Assert.Equal([new ListenerSign.Broken(line)], Take(said));
        Assert.Equal(ListenerState.Unknown, _protocol.State);
        Assert.Empty(Take("READY\n"));
        Assert.Equal(ListenerState.Unknown, _protocol.State);
    }

    [Fact]
    public void ResultLine_WithoutEnd_IsNotWaitedForForEver()
    {
        MakeBusy();

        Assert.Empty(Take("RESULT " + new string('1', ListenerProtocol.ResultLineMax - 7)));
        ListenerSign sign = Assert.Single(Take("1"));

        Assert.Equal(ListenerProtocol.ResultLineMax, Assert.IsType<ListenerSign.Broken>(sign).BadResult!.Length);
    }

    [Fact]
    public void Result_OfTheGreatestLength_IsTakenWithoutBeingKept()
    {
        MakeBusy();
        Take($"RESULT {ListenerProtocol.ResultBytesMax}\n");

        Assert.Empty(_protocol.Take(new byte[ListenerProtocol.ResultBytesMax - 1]));
        Assert.Equal([new ListenerSign.Rejected()], _protocol.Take(new byte[1]));
    }

    [Theory]
    [InlineData("x")]
    [InlineData("READx")]
    [InlineData("ready\n")]
    [InlineData("READY\r\n")]
    [InlineData("READY\n\n")]
    [InlineData("READY\nREADY\n")]
    public void Word_OutOfTurn_BreaksForGood(string said)
    {
        Assert.Equal(new ListenerSign.Broken(null), Take(said)[^1]);
        Assert.Equal(ListenerState.Unknown, _protocol.State);
    }

    [Fact]
    public void Event_ForAListenerThatIsNotReady_IsAMistakeOfOurs() =>
        Assert.Throws<InvalidOperationException>(_protocol.BeginEvent);

    [Fact]
    public void Conversation_InPiecesOfAnySize_IsUnderstoodTheSame()
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        for (int round = 0; round < 2000; round++)
        {
            // A conversation up to a point where it may have gone wrong; an event is given whenever one can be.
            string said = Conversation(random);
            string whole = Play(said, said.Length);
            string pieces = Play(said, pieceMax: 1 + random.Next(5), random);
            Assert.True(whole == pieces, $"seed {seed}, round {round}: \"{said}\" gave {whole} as a whole and {pieces} in pieces");
        }
    }

    [Fact]
    public void Garbage_OfAnyKind_EndsInAStateAndNeverInAnException()
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        byte[] noise = new byte[64];
        for (int round = 0; round < 20_000; round++)
        {
            random.NextBytes(noise);
            var protocol = new ListenerProtocol();
            protocol.Take("READY\n"u8);
            protocol.BeginEvent();

            // Most often right at the beginning, where something depends on it.
            protocol.Take([.. "RESULT "u8[..random.Next(8)], .. noise.AsSpan(0, random.Next(noise.Length))]);

            Assert.True(Enum.IsDefined(protocol.State), $"seed {seed}");
        }
    }

    private static string Conversation(Random random)
    {
        string[] words = ["READY\n", "RESULT 2\nOK", "RESULT 4\nFAIL", "RESULT 0\n", "RESULT 12\nREADY\nREADY\n", "RESULT x\n", "noise", "\n"];
        var said = new StringBuilder();
        for (int i = random.Next(8); i >= 0; i--)
            said.Append(random.Next(3) == 0 ? words[random.Next(words.Length)] : "READY\n").Append(random.Next(3) == 0 ? words[random.Next(words.Length)] : "RESULT 2\nOK");
        return said.ToString();
    }

    /// <summary>What is made known, with an event given at the byte that makes the listener ready: an event that comes later is another conversation.</summary>
    private static string Play(string said, int pieceMax, Random? random = null)
    {
        var protocol = new ListenerProtocol();
        var heard = new StringBuilder();
        byte[] bytes = Encoding.UTF8.GetBytes(said);
        for (int start = 0; start < bytes.Length;)
        {
            // Never beyond the end of a line, for it may make the listener ready, and nothing may follow that before there is an event.
            int limit = said.IndexOf('\n', start) is var at and >= 0 ? at + 1 - start : bytes.Length - start;
            int count = Math.Min(limit, random is null ? pieceMax : 1 + random.Next(pieceMax));
            foreach (ListenerSign sign in protocol.Take(bytes.AsSpan(start, count)))
                heard.Append(sign.GetType().Name).Append(' ');
            start += count;
            if (protocol.State == ListenerState.Ready)
                protocol.BeginEvent();
        }

        return heard.Append(protocol.State).ToString();
    }

    private void MakeBusy()
    {
        Take("READY\n");
        _protocol.BeginEvent();
    }

    private IReadOnlyList<ListenerSign> Take(string said) => _protocol.Take(Encoding.UTF8.GetBytes(said));
}
