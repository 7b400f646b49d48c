using System.Globalization;
using Init.Control;

namespace Init.Gateway.Forwarding.Backends;

/// <summary>The same in English and in Chinese.</summary>
internal readonly record struct Phrase(string English, string Chinese);

/// <summary>
/// What a client is told of the program behind a backend that does not answer: its name, its state, and what it waits for. Whoever asks may be a stranger: nothing of why it failed.
/// </summary>
/// <param name="Program">The instance.</param>
/// <param name="State">As <c>init status</c> has it.</param>
/// <param name="IsOnItsWay">It will be there by itself: a client may come again soon.</param>
/// <param name="WaitingFor">What a WAITING program waits for.</param>
/// <param name="StatusText">How far that is; null when nobody says.</param>
/// <param name="Words">All that in a sentence.</param>
internal sealed record ProgramSituation(string Program, string State, bool IsOnItsWay, IReadOnlyList<string> WaitingFor, Phrase? StatusText, Phrase Words)
{
    /// <summary>Of the restore that it waits for; null when it waits for none, or that has not come so far.</summary>
    public RestoreStage? Restore { get; init; }

    /// <summary>When a client may come again.</summary>
    public const int RetryAfterSeconds = 3;

    /// <summary>A chain of programs that wait for each other is followed no farther.</summary>
    private const int DepthMax = 8;

    /// <param name="name">An instance, or a program with replicas.</param>
    /// <param name="all">What runs.</param>
    /// <returns>Null when nothing is called so.</returns>
    public static ProgramSituation? Of(string name, IReadOnlyList<ProgramStatus> all)
    {
        if ((all.FirstOrDefault(one => one.Name == name) ?? all.FirstOrDefault(one => one.Program == name)) is not { } status)
            return null;

        bool isWaiting = status.State == "WAITING";
        bool isStarting = status.State == "STARTING" || status is { State: "RUNNING", Ready: false };
        IReadOnlyList<string> waitingFor = isWaiting ? status.WaitingFor : [];
        string? said = isWaiting ? SaidBy(waitingFor, all, DepthMax) : isStarting ? status.StatusText : null;
        return new ProgramSituation(status.Name, status.State, isWaiting || isStarting, waitingFor, said is null ? null : new Phrase(said, said), WordsFor(status, isStarting, waitingFor));
    }

    /// <summary>Whether somebody who waits for these waits for that program in the end.</summary>
    public static bool LeadsTo(string program, IReadOnlyList<string> names, IReadOnlyList<ProgramStatus> all) => LeadsTo(program, names, all, DepthMax);

    private static bool LeadsTo(string program, IReadOnlyList<string> names, IReadOnlyList<ProgramStatus> all, int depth) => names.Any(name =>
        name == program || (depth > 0 && all.FirstOrDefault(one => one.Name == name || one.Program == name) is { State: "WAITING" } awaited && LeadsTo(program, awaited.WaitingFor, all, depth - 1)));

    /// <summary>The first that says something; one that waits itself may wait for somebody who does.</summary>
    private static string? SaidBy(IReadOnlyList<string> names, IReadOnlyList<ProgramStatus> all, int depth)
    {
        foreach (string name in names)
        {
            if (all.FirstOrDefault(one => one.Name == name || one.Program == name) is not { } awaited)
                continue;

            string? said = awaited.StatusText ?? (awaited.State == "WAITING" && depth > 0 ? SaidBy(awaited.WaitingFor, all, depth - 1) : null);
            if (said is not null)
                return said;
        }

        return null;
    }

    private static Phrase WordsFor(ProgramStatus status, bool isStarting, IReadOnlyList<string> waitingFor)
    {
        string name = status.Name;
        string awaited = string.Join(", ", waitingFor);
        return status.State switch
        {
            "WAITING" when awaited.Length > 0 => new($"{name} is WAITING for {awaited}", $"{name} 正在等待（WAITING）：{awaited}"),
            "WAITING" => new($"{name} is WAITING", $"{name} 正在等待（WAITING）"),
            _ when isStarting => new($"{name} is starting", $"{name} 正在启动"),
            "RUNNING" => new($"{name} is running, but does not answer", $"{name} 正在运行，但没有应答"),
            "BACKOFF" when status.NextTrySeconds is { } seconds => Backoff(name, Math.Ceiling(seconds).ToString(CultureInfo.InvariantCulture)),
            "BACKOFF" => new($"{name} is BACKOFF: tries again soon", $"{name} 启动失败（BACKOFF），即将重试"),
            "FATAL" => new($"{name} is FATAL: it has failed too often and is not tried again by itself", $"{name} 多次启动失败（FATAL），不再自动重试"),
            "STOPPING" => new($"{name} is stopping", $"{name} 正在停止"),
            "STOPPED" => new($"{name} is stopped", $"{name} 已停止"),
            "EXITED" => new($"{name} has ended (EXITED)", $"{name} 已退出（EXITED）"),
            "ABSENT" => new($"{name} is not installed (ABSENT)", $"{name} 未安装（ABSENT）"),
            _ => new($"{name} is {status.State}", $"{name}：{status.State}"),
        };
    }

    private static Phrase Backoff(string name, string seconds) => new($"{name} is BACKOFF: tries again in {seconds} s", $"{name} 启动失败（BACKOFF），{seconds} 秒后重试");
}
