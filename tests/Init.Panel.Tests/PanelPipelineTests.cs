namespace Init.Panel.Tests;

public sealed class PanelPipelineTests
{
    [Theory]
    [InlineData("/admin/ui", true)]
    [InlineData("/admin/ui/", true)]
    [InlineData("/admin/ui/assets/index.js", true)]
    [InlineData("/admin/api/v1/programs", true)]
    [InlineData("/admin/routes.json", true)]
    [InlineData("/admin/password", true)]
    [InlineData("/admin", false)]
    [InlineData("/admin/", false)]
    [InlineData("/admin/users", false)]
    [InlineData("/admin/uix", false)]
    [InlineData("/ADMIN/ui/", false)]
    [InlineData("/admin/routes.json/", false)]
    [InlineData("/", false)]
    public void IsOurs_TakesThePanelsPathsOnly(string path, bool isOurs) => Assert.Equal(isOurs, PanelPipeline.IsOurs(path));
}
