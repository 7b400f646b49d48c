using System.Collections.Immutable;
using System.Net;
using Init.Config;
using Init.Routing.Actions;

namespace Init.Gateway.Forwarding.Backends;

/// <summary>Finds out who listens where from what is written anyway: the probes of the programs.</summary>
public static class ProbedPorts
{
    /// <summary>A port that the probes of several programs ask is nobody's.</summary>
    public static BackendPrograms Of(IEnumerable<ProgramDefinition> programs) => new(
        programs.SelectMany(program => new[] { program.Ready, program.Health }.Select(PortOf).OfType<int>().Distinct().Select(port => (Port: port, program.Policy.Name)))
            .GroupBy(one => one.Port)
            .Where(ofPort => ofPort.Count() == 1)
            .ToImmutableDictionary(ofPort => ofPort.Key, ofPort => ofPort.Single().Name));

    private static int? PortOf(Probe? probe) => probe switch
    {
        Probe.Tcp(var address, var port) when IPAddress.IsLoopback(address) => port,
        Probe.Http http when IPAddress.IsLoopback(http.Address) => http.Port,
        _ => null,
    };
}
