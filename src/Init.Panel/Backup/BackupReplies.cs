using Microsoft.AspNetCore.Http;

namespace Init.Panel.Backup;

/// <summary>What the role's answers are over HTTP.</summary>
internal static class BackupReplies
{
    /// <summary>For people, of an answer that is not what was asked for.</summary>
    public static string Describe(BackupReply reply) => reply switch
    {
        BackupReply.Refused(_, var message) => message,
        BackupReply.Lost(var why) => why,
        BackupReply.Absent => "no backup role runs; it may be starting, or its program has failed",
        _ => "the answer of the backup's role is of another kind",
    };

    public static Task RefuseAsync(HttpContext context, BackupReply reply)
    {
        var (status, code) = reply switch
        {
            BackupReply.Absent => (StatusCodes.Status503ServiceUnavailable, "no_backup"),
            BackupReply.Refused("bad-request", _) => (StatusCodes.Status400BadRequest, "bad_request"),
            BackupReply.Refused("unknown-commit" or "unknown-path" or "no-backup", _) => (StatusCodes.Status404NotFound, "not_found"),
            BackupReply.Refused("unknown-op", _) => (StatusCodes.Status501NotImplemented, "unknown_op"),

            // No 502: proxies in between like to put pages of their own in its place, and the reason would be lost.
            BackupReply.Refused => (StatusCodes.Status409Conflict, "failed"),
            _ => (StatusCodes.Status503ServiceUnavailable, "no_answer"),
        };
        return PanelReply.ProblemAsync(context, status, code, Describe(reply));
    }
}
