using Init.Base;
using Init.Config;
using Init.Control;
using Init.Engine.ControlHandling;
using Init.Engine.Logging;
using Init.Engine.Programs;
using Init.Linux;
using Init.Supervision;

namespace Init.Engine.Tests.ControlHandling;

public sealed class LogRequestsTests
{
    [Theory]
    [InlineData(false, false, OutcomeCode.NoLog)]
    [InlineData(true, false, OutcomeCode.NoLog)]
    [InlineData(true, true, OutcomeCode.Cleared)]
    public void Clear_WhenNoFileIsKept_SaysSo(bool hasLog, bool hasFile, string code)
    {
        using EventLoop loop = new();
        using LogPump pump = new(new LogPumpOptions { MainLoop = loop });
        ProgramRuntime program = new(new ProgramDefinition
        {
            Policy = new ProgramPolicy { Name = "web", Program = "web" },
            Launch = new LaunchSpec { Command = ["/bin/true"] },
            Stdout = hasLog ? new LogSpec(hasFile ? "/tmp/web.log" : null, default, 0, Mirror: true) : null,
            At = new SourcePosition("supervisor.toml", 1, 1),
        });

        Assert.Equal(code, new LogRequests(pump).Clear(program).Code);
    }
}
