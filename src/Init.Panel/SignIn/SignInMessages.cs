using Microsoft.Extensions.Logging;

namespace Init.Panel.SignIn;

/// <summary>What the log hears of the sign-in. Warnings are there also when the gateway is quiet.</summary>
internal static partial class SignInMessages
{
    /// <summary>The one place where a password of ours is shown: somebody has to be able to find it.</summary>
    [LoggerMessage(EventId = 40, Level = LogLevel.Warning, Message = "the panel's password is {Password}: change it in Settings; it is not shown again")]
    public static partial void PasswordMadeUp(this ILogger logger, string password);

    [LoggerMessage(EventId = 41, Level = LogLevel.Information, Message = "the panel's password is now {Source}")]
    public static partial void PasswordTaken(this ILogger logger, string source);

    [LoggerMessage(EventId = 49, Level = LogLevel.Information, Message = "the panel's password is now the one of {Path}, which somebody has put there")]
    public static partial void PasswordPutThere(this ILogger logger, string path);

    [LoggerMessage(EventId = 42, Level = LogLevel.Warning, Message = "the panel: {Note}")]
    public static partial void SignInNote(this ILogger logger, string note);

    [LoggerMessage(EventId = 43, Level = LogLevel.Warning, Message = "the panel: {Problem}; this password is in force until the gateway ends")]
    public static partial void PasswordNotKept(this ILogger logger, string problem);

    [LoggerMessage(EventId = 44, Level = LogLevel.Warning, Message = "the panel: {Problem}; who has signed in will have to do so again when the gateway has been restarted")]
    public static partial void SessionsNotKept(this ILogger logger, string problem);

    [LoggerMessage(EventId = 45, Level = LogLevel.Warning, Message = "the panel: a wrong password from {Address}")]
    public static partial void WrongPassword(this ILogger logger, string address);

    [LoggerMessage(EventId = 46, Level = LogLevel.Information, Message = "the panel: somebody has signed in from {Address}")]
    public static partial void SignedIn(this ILogger logger, string address);

    [LoggerMessage(EventId = 47, Level = LogLevel.Warning, Message = "the panel: the password was changed by {Who}")]
    public static partial void PasswordChanged(this ILogger logger, string who);

    [LoggerMessage(EventId = 48, Level = LogLevel.Error, Message = "the panel: nobody can sign in")]
    public static partial void NobodyCanSignIn(this ILogger logger, Exception exception);
}
