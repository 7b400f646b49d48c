using Init.Gateway.Hosting;

namespace Init.Gateway.Tests;

public sealed class OpenFilesTests
{
    [Theory]
    [InlineData(1_048_576, 2, 20_000, 20_000)]
    [InlineData(41_024, 2, 20_000, 20_000)]
    [InlineData(4_096, 2, 20_000, 1_536)]
    [InlineData(4_096, 4, 20_000, 768)]
    [InlineData(1_024, 2, 20_000, 384)]
    [InlineData(20, 2, 20_000, 16)]
    [InlineData(4_096, 2, 100, 100)]
    public void Fitting_LeavesRoomForTheRest(long openFiles, long perAddress, int connections, int fitting) =>
        Assert.Equal(fitting, OpenFiles.Fitting(openFiles, perAddress, connections));
}
