using System.Text.RegularExpressions;
using Init.Linux;

namespace Init.Engine.Logging;

/// <summary>Waits for one line of output that matches; made by <see cref="LogPump.Watch"/>. It is over with the first match, or when it is cancelled.</summary>
public sealed class LogWatch
{
    private readonly Action<string> _whenFound;
    private readonly EventLoop _mainLoop;
    private readonly string _pattern;
    private Regex? _regex;
    private long _firstAttach;
    private bool _hasFound;
    private volatile bool _isCancelled;

    internal LogWatch(string pattern, EventLoop mainLoop, Action<string> whenFound)
    {
        _pattern = pattern;
        _mainLoop = mainLoop;
        _whenFound = whenFound;
    }

    internal bool IsOver => _hasFound || _isCancelled;

    /// <summary>From the main loop's thread: the call-back will not be called any more.</summary>
    public void Cancel() => _isCancelled = true;

    /// <summary>On the log thread, where compiling a pattern delays nobody.</summary>
    internal void Arm(long firstAttach)
    {
        _firstAttach = firstAttach;
        _regex = new Regex(_pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
    }

    /// <summary>Only pipes attached after the watch was made: what an earlier process has left in its pipe says nothing about its replacement.</summary>
    internal bool AppliesTo(long attachNumber) => !IsOver && attachNumber >= _firstAttach;

    internal bool Matches(ReadOnlySpan<char> line) => _regex!.IsMatch(line);

    internal void Complete(string line)
    {
        _hasFound = true;
        _mainLoop.Post(() =>
        {
            if (!_isCancelled)
                _whenFound(line);
        });
    }
}
