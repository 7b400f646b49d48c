using Init.Admin.Backend;
using Init.Admin.Tests.Harness;
using Init.Control;

namespace Init.Admin.Tests.Backend;

public sealed class SharedAnswersTests
{
    [Fact]
    public async Task Questions_WhileOneIsUnderWay_WaitForTheNextAndShareIt()
    {
        Queue<TaskCompletionSource<ControlAnswer>> asked = new();
        SemaphoreSlim wasAsked = new(0);
        SharedAnswers shared = new(new FakeSupervisor
        {
            OnAsk = (_, _, _) =>
            {
                TaskCompletionSource<ControlAnswer> answer = new();
                asked.Enqueue(answer);
                wasAsked.Release();
                return answer.Task;
            },
        });

        Task<ControlAnswer> first = Ask();
        await wasAsked.WaitAsync();
        Task<ControlAnswer>[] later = [Ask(), Ask(), Ask()];
        Assert.Single(asked);
        Assert.All(later, task => Assert.NotSame(first, task));

        ControlAnswer old = FakeSupervisor.Done(null), fresh = FakeSupervisor.Refused("x", "y");
        asked.Dequeue().SetResult(old);
        Assert.Same(old, await first);
        await wasAsked.WaitAsync();
        Assert.All(later, task => Assert.False(task.IsCompleted));
        asked.Dequeue().SetResult(fresh);

        Assert.All(await Task.WhenAll(later), answer => Assert.Same(fresh, answer));
        Assert.Empty(asked);

        Task<ControlAnswer> Ask() => shared.AskAsync(new ControlRequest.Status([]));
    }

    [Fact]
    public async Task Status_WithAndWithoutUsage_AreTwoQuestions()
    {
        FakeSupervisor supervisor = new();
        SharedAnswers shared = new(supervisor);

        await shared.AskAsync(new ControlRequest.Status([]));
        await shared.AskAsync(new ControlRequest.Status([], Usage: false));

        Assert.Equal([true, false], supervisor.Asked.OfType<ControlRequest.Status>().Select(status => status.Usage));
    }

    [Fact]
    public async Task Question_WhenItsClientGoes_IsStillAnsweredToTheOthers()
    {
        TaskCompletionSource<ControlAnswer> answer = new();
        SharedAnswers shared = new(new FakeSupervisor { OnAsk = (_, _, _) => answer.Task });
        using CancellationTokenSource gone = new();

        Task<ControlAnswer> leaving = shared.AskAsync(new ControlRequest.Version(), cancellation: gone.Token);
        Task<ControlAnswer> staying = shared.AskAsync(new ControlRequest.Version());
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        answer.SetResult(FakeSupervisor.Done(null));

        Assert.IsType<ControlAnswer.Done>(await staying);
    }
}
