using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Init.Admin.Http;
using Init.Linux;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Init.Panel.Backup;

/// <summary>
/// One file of a backup as a download: the role restores it, verified, into a directory of ours beside its scratch files; it is opened, the directory is removed, and the open file
/// is sent. So nothing is left, however the client behaves.
/// </summary>
internal sealed class BackupDownloads(BackupLink link)
{
    /// <summary>Being restored at the same time; beyond it: 503.</summary>
    private const int PreparedMax = 2;

    /// <summary>Of a path of the file; beyond it nothing is looked for.</summary>
    private const int DepthMax = 256;

    private const int Mode = 0x1C0; // 0700

    private int _prepared;

    public async Task SendAsync(HttpContext context, string commit, string path)
    {
        if (path.Length is 0 or > BackupApi.PathCharactersMax)
        {
            await PanelReply.ProblemAsync(context, StatusCodes.Status400BadRequest, "bad_request", "path is that of a file");
            return;
        }

        if (Interlocked.Increment(ref _prepared) > PreparedMax)
        {
            _ = Interlocked.Decrement(ref _prepared);
            context.Response.Headers.RetryAfter = "3";
            await PanelReply.ProblemAsync(context, StatusCodes.Status503ServiceUnavailable, "too_many_downloads", $"{PreparedMax} downloads are being prepared already; try again in a moment");
            return;
        }

        FileStream? file;
        try
        {
            file = await PrepareAsync(context, commit, path);
        }
        finally
        {
            _ = Interlocked.Decrement(ref _prepared);
        }

        if (file is null)
            return;
        await using (file)
            await SendAsync(context, file);
    }

    /// <summary>Null means that it has been answered.</summary>
    private async Task<FileStream?> PrepareAsync(HttpContext context, string commit, string path)
    {
        if (await FindAsync(context, commit, path) is not { } entry)
            return null;
        if (entry.Kind != "file")
        {
            await PanelReply.ProblemAsync(context, StatusCodes.Status409Conflict, "not_a_file", $"{path} is a {entry.Kind}; restore it to a directory instead");
            return null;
        }

        string scratch = Path.Combine(link.Directory, "scratch", "panel-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)));
        try
        {
            int errno = Files.MakeDirectories(scratch, Mode);
            if (errno != 0)
                throw new IOException($"{scratch}: {Errno.Describe(errno)}");
            BackupReply reply = await BackupRestores.AskAsync(link, new BackupRestoreBody(commit, [path], scratch), onItem: null, context.RequestAborted);
            if (reply is not BackupReply.Done)
                await BackupReplies.RefuseAsync(context, reply);
            else if (OnlyFileIn(scratch) is { } restored)
                return new FileStream(restored, new FileStreamOptions { Options = FileOptions.Asynchronous | FileOptions.SequentialScan, BufferSize = 0 });
            else
                await PanelReply.ProblemAsync(context, StatusCodes.Status409Conflict, "failed", $"{path} could not be restored from this backup; its notes may say why");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            await PanelReply.ProblemAsync(context, StatusCodes.Status507InsufficientStorage, "failed", $"cannot read what was restored: {exception.Message}");
        }
        finally
        {
            Remove(scratch);
        }

        return null;
    }

    /// <summary>Null means that it has been answered. The role lists a directory as what is in it, and everything else as itself.</summary>
    private async Task<BackupEntry?> FindAsync(HttpContext context, string commit, string path)
    {
        BackupEntry found = new(path, path, "directory");
        BackupReply reply = await link.AskAsync(
            "files",
            json =>
            {
                json.WriteString("commit", commit);
                json.WriteString("path", path);
            },
            item =>
            {
                if (item.GetProperty("path").GetString() == path)
                    found = item.Deserialize(BackupJson.Default.BackupEntry) ?? found;
            },
            cancellation: context.RequestAborted);
        if (reply is BackupReply.Done)
            return found;
        await BackupReplies.RefuseAsync(context, reply);
        return null;
    }

    private static async Task SendAsync(HttpContext context, FileStream file)
    {
        ContentDispositionHeaderValue disposition = new("attachment");
        disposition.SetHttpFileName(Path.GetFileName(file.Name));
        IHeaderDictionary headers = context.Response.Headers;
        headers.ContentDisposition = disposition.ToString();
        headers.ContentSecurityPolicy = "sandbox; default-src 'none'"; // Should a browser show it all the same.
        headers.XContentTypeOptions = "nosniff";
        context.Response.ContentType = "application/octet-stream";
        context.Response.ContentLength = file.Length;
        SlowReaders.Allow(context);
        await file.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    /// <summary>Down from the directory, where each level has one entry. Links are not followed.</summary>
    private static string? OnlyFileIn(string directory)
    {
        for (int depth = 0; depth < DepthMax; depth++)
        {
            if (new DirectoryInfo(directory).EnumerateFileSystemInfos().Take(2).ToArray() is not [{ LinkTarget: null } only])
                return null;
            if (only is FileInfo)
                return only.FullName;
            directory = only.FullName;
        }

        return null;
    }

    /// <summary>What is left all the same, when we are killed before, the role removes when it starts.</summary>
    private static void Remove(string directory)
    {
        OpenResult scratch = FilesAt.OpenDirectory(FilesAt.WorkingDirectory, Encoding.UTF8.GetBytes(Path.GetDirectoryName(directory)!));
        if (!scratch.Succeeded)
            return;
        FilesAt.RemoveTree(scratch.Fd, Encoding.UTF8.GetBytes(Path.GetFileName(directory)));
        Files.Close(scratch.Fd);
    }
}
