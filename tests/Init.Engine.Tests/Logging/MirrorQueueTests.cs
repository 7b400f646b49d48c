using Init.Engine.Logging;

namespace Init.Engine.Tests.Logging;

public sealed class MirrorQueueTests
{
    [Fact]
    public void Queue_WhenFilledAndTakenAtRandom_GivesBackWhatItAcceptedInOrder()
    {
        int seed = Environment.TickCount;
        Random random = new(seed);
        using MirrorQueue queue = new(5000);
        Queue<byte> model = new();
        byte next = 0;
        for (int step = 0; step < 50_000; step++)
        {
            if (random.Next(2) == 0)
            {
                int length = random.Next(1, 700);
                Span<byte> room = queue.Reserve(length);
                Assert.True(room.IsEmpty == (model.Count + length > 5000), $"seed {seed}: accepts what does not fit, or refuses what fits");
                if (room.IsEmpty)
                    continue;

                for (int i = 0; i < length; i++)
                {
                    room[i] = next;
                    model.Enqueue(next++);
                }

                queue.Commit(length);
            }
            else if (queue.Count > 0)
            {
                int count = random.Next(1, Math.Min(queue.Count, 900) + 1);
                foreach (byte value in queue.Pending[..count])
                    Assert.True(model.Dequeue() == value, $"seed {seed}, step {step}");
                queue.Take(count);
            }

            Assert.Equal(model.Count, queue.Count);
        }
    }

    [Fact]
    public void Reserve_WhenOnlyTheReserveIsLeft_IsForThoseWithoutOne()
    {
        using MirrorQueue queue = new(1000);
        queue.Reserve(900);
        queue.Commit(900);

        Assert.True(queue.Reserve(60, reserve: 50).IsEmpty);
        Assert.False(queue.Reserve(60).IsEmpty);
    }
}
