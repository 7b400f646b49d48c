namespace Init.Backup.Remote;

/// <summary>Why the remote did not do what it was asked to. What comes next depends on it.</summary>
public enum RemoteProblem
{
    /// <summary>Nobody answered, or the answer did not come to its end. Never taken for an empty remote.</summary>
    Unreachable,

    /// <summary>It answered that we may not: the token is wrong, has expired or lacks a right.</summary>
    Refused,

    /// <summary>There is no such repository, or none that this token may see.</summary>
    NotFound,

    /// <summary>Too many requests; <see cref="RemoteException.RetryAfter"/> says when the next may be made, if the remote did.</summary>
    Limited,

    /// <summary>Something is larger than the remote takes.</summary>
    TooLarge,

    /// <summary>The remote found what looks like a secret; the message names the file.</summary>
    SecretFound,

    /// <summary>The branch is not where we left it, or the lease is not ours any more.</summary>
    Moved,

    /// <summary>Everything else.</summary>
    Failed,
}

/// <summary>The message says what was tried, what the remote said and what to do; it never holds the token.</summary>
/// <param name="problem">Why.</param>
/// <param name="message">For people.</param>
/// <param name="retryAfter">From now on; null when the remote did not say.</param>
#pragma warning disable CA1032, MA0056 // Without a reason it would not be this exception.
public sealed class RemoteException(RemoteProblem problem, string message, TimeSpan? retryAfter = null) : Exception(message)
{
    public RemoteProblem Problem => problem;

    public TimeSpan? RetryAfter => retryAfter;
}
#pragma warning restore CA1032, MA0056
