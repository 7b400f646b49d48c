using Init.Routing.Store;

namespace Init.Routing.Tests;

/// <summary>Started by <see cref="RouteFileTests"/>: writes one state after the other and says the revision of each that is on disk, until it is killed.</summary>
internal static class Program
{
    public static int Main(string[] arguments)
    {
        if (arguments is not ["write-until-killed", var path])
            return 2;

        RouteState state = RouteFile.Load(path, DateTimeOffset.UtcNow).State;
        while (true)
        {
            RouteCommand command = state.Revision % 2 == 0 ? new RouteCommand.Create("{}"u8.ToArray()) : new RouteCommand.SetDefaultBackend($"http://b{state.Revision}");
            if (RouteStore.Apply(state, command, new CommandContext("writer", DateTimeOffset.UnixEpoch)) is not RouteCommandResult.Done done || RouteFile.Save(path, done.State) is not null)
                return 1;

            state = done.State;
            Console.WriteLine(state.Revision);
        }
    }
}
