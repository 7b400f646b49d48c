using Init.Chat.Rendering;
using Microsoft.Extensions.Logging.Abstractions;

namespace Init.Chat.Tests.Rendering;

public sealed class PictureRendererTests : IAsyncLifetime
{
    private readonly string _directory = Path.Combine(Path.GetTempPath(), "init-render-" + Guid.NewGuid().ToString("N"));
    private PictureRenderer _renderer = null!;

    public Task InitializeAsync()
    {
        _renderer = new PictureRenderer(new RenderOptions { Directory = _directory }, NullLogger.Instance);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _renderer.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Gallery()
    {
        foreach (RenderStyle style in RenderStyle.All)
        {
            RenderedPicture picture = await _renderer.RenderAsync(new RenderRequest { Content = Rendering.Gallery.Everything, Reasoning = Rendering.Gallery.Reasoning, Style = style.Name }, CancellationToken.None);
            File.Copy(picture.Path, $"/tmp/w/render/{style.Name}.png", overwrite: true);
            Console.WriteLine($"{picture.Elapsed} {picture.Size}");
        }
    }
}
