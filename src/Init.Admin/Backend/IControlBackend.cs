using Init.Control;

namespace Init.Admin.Backend;

/// <summary>Takes what a reply sends before it ends. While it runs, nothing more is read: who is slow here makes the supervisor drop, not us grow.</summary>
public delegate ValueTask ControlItemSink(ControlItem item);

/// <summary>
/// The supervisor, as every skin of the HTTP interface sees it. No skin decides anything: it turns a request of its own into a <see cref="ControlRequest"/>, and
/// the answer into its own words.
/// </summary>
public interface IControlBackend
{
    /// <summary>Sends the request and waits until it is answered, however long that takes.</summary>
    /// <param name="request">What is asked. One that follows (events, a tail) ends with <paramref name="cancellation"/> only.</param>
    /// <param name="onItem">Gets each item; null: they are passed over.</param>
    /// <param name="onDropped">Gets the number of items that the supervisor left out because they were not taken in time.</param>
    /// <param name="cancellation">Gives up the request: the supervisor sees the connection go. What it has begun, it ends.</param>
    /// <returns><see cref="ControlAnswer.Lost"/> when the supervisor cannot be reached.</returns>
    Task<ControlAnswer> AskAsync(
        ControlRequest request, ControlItemSink? onItem = null, Action<long>? onDropped = null, CancellationToken cancellation = default);
}
