using Init.Chat.Providers;

namespace Init.Chat.Http.Endpoints;

/// <summary>The list of models as it lies on the disk.</summary>
public static class ModelFile
{
    private const int BytesMax = 1 << 20;

    /// <summary>A file that is not there is an empty list: the built-in model answers.</summary>
    public static ModelList Read(string path)
    {
        try
        {
            FileInfo file = new(path);
            if (!file.Exists)
                return new ModelList.Read([]);
            return file.Length <= BytesMax ? ModelListReader.Read(File.ReadAllBytes(path)) : new ModelList.Refused([$"is larger than {BytesMax >> 20} MiB"]);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new ModelList.Refused([exception.Message]);
        }
    }
}
