using System.Net;
using Npgsql;

namespace Init.Chat.Store.Sql.Postgres;

/// <summary>A connection string in either of the forms that people have.</summary>
internal static class PostgresAddress
{
    /// <summary>The schema that our tables are in, when the string names none.</summary>
    public const string Schema = "init_chat";

    /// <exception cref="StoreException">It is none. The message has nothing of it.</exception>
    public static NpgsqlConnectionStringBuilder Parse(string text)
    {
        try
        {
            NpgsqlConnectionStringBuilder builder = text.Contains("://", StringComparison.Ordinal) && Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && uri.Scheme.StartsWith("postgres", StringComparison.Ordinal)
                ? OfUri(uri)
                : new NpgsqlConnectionStringBuilder(text);
            if (string.IsNullOrEmpty(builder.Host))
                throw new FormatException("no host");
            builder.SearchPath ??= Schema;
            builder.ApplicationName ??= "init chat";
            if (!builder.ContainsKey("Maximum Pool Size"))
                builder.MaxPoolSize = 20;
            if (!builder.ContainsKey("Max Auto Prepare"))
                builder.MaxAutoPrepare = 64;
            builder.PersistSecurityInfo = false;
            return builder;
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or KeyNotFoundException or OverflowException)
        {
            // What is wrong with it may be the password, so that the cause is not told either.
            throw new StoreException("cannot understand the connection string of the chat store (write \"Host=…;Database=…;Username=…;Password=…\" or \"postgresql://user:password@host/database\")");
        }
    }

    /// <summary>For people: where, and never who or by what password.</summary>
    public static string Place(NpgsqlConnectionStringBuilder builder) => $"PostgreSQL at {builder.Host}:{builder.Port}, database {builder.Database ?? builder.Username}";

    private static NpgsqlConnectionStringBuilder OfUri(Uri uri)
    {
        NpgsqlConnectionStringBuilder builder = new() { Host = WebUtility.UrlDecode(uri.Host) };
        if (uri.Port > 0)
            builder.Port = uri.Port;
        string[] user = uri.UserInfo.Split(':', 2);
        if (user[0].Length > 0)
            builder.Username = Uri.UnescapeDataString(user[0]);
        if (user.Length > 1)
            builder.Password = Uri.UnescapeDataString(user[1]);
        if (uri.AbsolutePath.Length > 1)
            builder.Database = Uri.UnescapeDataString(uri.AbsolutePath[1..]);
        foreach (string pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = pair.Split('=', 2);
            if (parts.Length == 2)
                builder[KeyOf(Uri.UnescapeDataString(parts[0]))] = Uri.UnescapeDataString(parts[1]);
        }

        return builder;
    }

    /// <summary>By libpq's names, where Npgsql has others.</summary>
    private static string KeyOf(string key) => key switch
    {
        "sslmode" => "SSL Mode",
        "application_name" => "Application Name",
        "connect_timeout" => "Timeout",
        "sslrootcert" => "Root Certificate",
        _ => key,
    };
}
