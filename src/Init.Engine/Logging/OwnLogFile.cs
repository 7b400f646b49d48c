namespace Init.Engine.Logging;

/// <summary>The file of Init's own log, on the log thread.</summary>
internal abstract class OwnLogFile : IDisposable
{
    /// <summary>True when this line is the first that waits, so that <see cref="Make"/> has to be called before long.</summary>
    public abstract bool Write(DateTimeOffset time, LogLevel level, string line);

    public abstract void Make();

    /// <summary>Somebody may have renamed the file: the next line opens the path anew.</summary>
    public abstract void Reopen();

    /// <summary>The file that is being written, with everything in it that was written.</summary>
    public abstract string Find();

    /// <summary>Empties it, and deletes what was rotated away.</summary>
    public abstract void Clear();

    public abstract void Dispose();
}
