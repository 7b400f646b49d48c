using Xunit.Abstractions;
using Xunit.Sdk;

namespace Init.Chat.Tests.Store;

/// <summary>A test of the contract. Where there is no server for a class that needs one it is skipped, and says why.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer("Init.Chat.Tests.Store.StoreFactDiscoverer", "Init.Chat.Tests")]
public sealed class StoreFactAttribute : FactAttribute;

public sealed class StoreFactDiscoverer(IMessageSink sink) : IXunitTestCaseDiscoverer
{
    public IEnumerable<IXunitTestCase> Discover(ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo factAttribute) =>
        [new StoreTestCase(sink, discoveryOptions.MethodDisplayOrDefault(), discoveryOptions.MethodDisplayOptionsOrDefault(), testMethod)];
}

public sealed class StoreTestCase : XunitTestCase
{
#pragma warning disable CS0618 // xunit makes it so when it is run in another process.
    public StoreTestCase()
    {
    }
#pragma warning restore CS0618

    public StoreTestCase(IMessageSink sink, TestMethodDisplay display, TestMethodDisplayOptions options, ITestMethod method)
        : base(sink, display, options, method)
    {
    }

    protected override string? GetSkipReason(IAttributeInfo factAttribute) =>
        TestMethod.TestClass.Class.Name == typeof(PostgresStoreTests).FullName ? PostgresServer.Missing : base.GetSkipReason(factAttribute);
}

/// <summary>Needs a disk of its own.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SmallDiskFactAttribute : FactAttribute
{
    public SmallDiskFactAttribute() => Skip = SmallDisk.Missing;
}
