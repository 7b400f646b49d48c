using System.Text;
using Init.Engine.Logging;

namespace Init.Engine.Tests.Logging;

public sealed class OwnLogLinesTests
{
    [Theory]
    [InlineData("warning: a", LogLevel.Warning, "gateway: a")]
    [InlineData("info: a", LogLevel.Information, "gateway: a")]
    [InlineData("critical: a", LogLevel.Critical, "gateway: a")]
    [InlineData("init: cannot listen", LogLevel.Error, "gateway: cannot listen")]
    [InlineData("Unhandled exception.", LogLevel.Error, "gateway: Unhandled exception.")]
    [InlineData("warning", LogLevel.Error, "gateway: warning")]
    public void Line_HasTheLevelThatItBeginsWith(string line, LogLevel level, string text)
    {
        InitLog log = new(TimeProvider.System, LogLevel.Debug, wake: () => { });

        new OwnLogLines("init:gateway", log).Add(Encoding.UTF8.GetBytes($"{line}\n\nerror: next"));

        Assert.Equal([(level, text), (LogLevel.Error, "gateway: next")], log.Take().Select(entry => (entry.Level, entry.Text)));
    }
}
