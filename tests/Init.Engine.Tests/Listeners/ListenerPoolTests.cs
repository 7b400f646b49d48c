using System.Text;
using Init.Base;
using Init.Config;
using Init.Engine.Listeners;

namespace Init.Engine.Tests.Listeners;

public sealed class ListenerPoolTests
{
    private readonly ListenerPool _pool = new(new EventListenerPool("mails", ["PROCESS_STATE", "TICK_5"], BufferSize: 3, new SourcePosition("x.conf", 1, 1)));

    [Theory]
    [InlineData("PROCESS_STATE_FATAL", true)]
    [InlineData("TICK_5", true)]
    [InlineData("TICK_60", false)]
    public void Wants_WhatItsSubscriptionsStandFor(string type, bool expected) => Assert.Equal(expected, _pool.Wants(type));

    [Fact]
    public void Buffer_WhenFull_DropsTheOldest()
    {
        Fill(3);

        PooledEvent discarded = Assert.Single(_pool.Accept(Event("3"), serial: 13));

        Assert.Equal((10, "0"), (discarded.Serial, discarded.Event.Body));
        Assert.Equal(["1", "2", "3"], TakeAll());
    }

    [Fact]
    public void RejectedEvent_IsTheNext_AndKeepsItsNumbers()
    {
        Fill(3);
        PooledEvent first = TakeFirst();

        Assert.Empty(_pool.PutBack(first));

        Assert.Equal(first, _pool.First);
        Assert.Equal((10L, 0L), (first.Serial, first.PoolSerial));
        Assert.Equal(["0", "1", "2"], TakeAll());
    }

    [Fact]
    public void RejectedEvent_WhenTheBufferIsFull_DropsTheOldestOfTheOthers()
    {
        Fill(3);
        PooledEvent first = TakeFirst();
        _pool.Accept(Event("3"), 13);

        PooledEvent discarded = Assert.Single(_pool.PutBack(first));

        Assert.Equal("1", discarded.Event.Body);
        Assert.Equal(["0", "2", "3"], TakeAll());
    }

    [Fact]
    public void Buffer_WhenMadeSmaller_LosesTheRestWithTheNextEvent()
    {
        Fill(3);
        _pool.Definition = _pool.Definition with { BufferSize = 1 };

        Assert.Equal(3, _pool.Accept(Event("3"), 13).Count);
        Assert.Equal(["3"], TakeAll());
    }

    [Fact]
    public void Event_IsWrittenWithItsLengthInBytes()
    {
        _pool.Accept(Event("grün\n日本"), 7);

        string text = Encoding.UTF8.GetString(_pool.Encode(_pool.First!, "supervisor"));

        Assert.Equal("ver:3.0 server:supervisor serial:7 pool:mails poolserial:0 eventname:TICK_5 len:12\ngrün\n日本", text);
    }

    private void Fill(int count)
    {
        for (int i = 0; i < count; i++)
            Assert.Empty(_pool.Accept(Event($"{i}"), serial: 10 + i));
    }

    private PooledEvent TakeFirst()
    {
        PooledEvent first = _pool.First!;
        _pool.RemoveFirst();
        return first;
    }

    private List<string> TakeAll()
    {
        var bodies = new List<string>();
        while (_pool.First is not null)
            bodies.Add(TakeFirst().Event.Body);
        return bodies;
    }

    private static SupervisordEvent Event(string body) => new("TICK_5", body);
}
