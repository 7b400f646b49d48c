using System.Text;
using Init.Config.Reading;
using Init.Config.Supervisord;
using Init.Config.Supervisord.Import;

namespace Init.Config.Tests.Supervisord;

/// <summary>Whatever is in a file, reading it ends, throws nothing, and gives either a configuration or problems. Each run of these has the same inputs.</summary>
public class IniFuzzTests
{
    private const int Rounds = 3000;

    private static readonly string[] Pieces =
    [
        "[supervisord]\n", "[program:x]\n", "[program:%(x)s]\n", "[group:g]\nprograms=x,y\n", "[include]\nfiles=*.conf\n", "[", "]", "=", ":", ";", "#", " ;", "\n", "\n  ",
        "\r\n", "\r", "command=", "environment=", "A=\"b\",", "'", "\"", "\\", "%", "%%", "%(", "%(here)s", "%(process_num)02d", "%(ENV_HOME)s", "%(ENV_NO)s", "%*d", "%(x)999999d",
        "numprocs=", "1000000000", "-1", "99999999999999999999", "process_name=", "\u0000", "\u00e9", "\ud83d\ude00", "\u2028", "\u001c", "\ufeff", "[DEFAULT]\n", "[unix_http_server]\nfile=", "port=",
        "[eventlistener:e]\nevents=TICK\n", "[fcgi-program:f]\nsocket=tcp://", "stdout_logfile=", "user=", "~", "~root", "/", "exitcodes=", "1_0", "\t", "a", "[rpcinterface:y]\n",
    ];

    private static readonly MemoryFiles NoFiles = new() { Texts = { ["/etc/passwd"] = "root:x:0:0::/root:/bin/sh\n" } };

    [Fact]
    public void Load_OfRandomPieces_NeverThrows()
    {
        Random random = new(20261121);
        for (int round = 0; round < Rounds; round++)
        {
            StringBuilder text = new("[supervisord]\n");
            for (int i = random.Next(40); i > 0; i--)
                text.Append(Pieces[random.Next(Pieces.Length)]);

            Check(Encoding.UTF8.GetBytes(text.ToString()), $"round {round}");
        }
    }

    [Fact]
    public void Load_OfDamagedExamples_NeverThrows()
    {
        Random random = new(19700101);
        List<byte[]> examples = [.. SupervisordFolders.Names.Select(name => File.ReadAllBytes(Path.Combine(SupervisordFolders.Cases, name, "supervisord.conf")))];
        for (int round = 0; round < Rounds; round++)
        {
            byte[] damaged = (byte[])examples[random.Next(examples.Count)].Clone();
            for (int i = random.Next(1, 8); i > 0 && damaged.Length > 0; i--)
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);

            Check(damaged[..random.Next(damaged.Length + 1)], $"round {round}");
        }
    }

    [Fact]
    public void Load_OfLargeInputs_IsBounded()
    {
        foreach (string text in new[]
        {
            "[supervisord]\n[program:x]\nprocess_name=%(process_num)d\nnumprocs=2147483647\ncommand=x\n",
            "[supervisord]\n[program:x]\ncommand=" + string.Concat(Enumerable.Repeat("%(program_name)1000s", 5000)),
            "[supervisord]\n[program:x]\ncommand=x\nenvironment=" + new string('"', 99_999),
            "[supervisord]\n" + string.Concat(Enumerable.Range(0, 20_000).Select(i => $"[program:p{i}]\n")),
            "[supervisord]\n" + string.Concat(Enumerable.Range(0, 20_000).Select(i => $"k{i}=v\n")),
            "[supervisord]\nlogfile=" + new string('(', 50_000) + "%" + new string('(', 50_000),
        })
        {
            Check(Encoding.UTF8.GetBytes(text), text[..40]);
        }
    }

    private static void Check(byte[] content, string label)
    {
        try
        {
            ConfigResult result = SupervisordLoader.Load("x.conf", content, NoFiles, SupervisordFolders.Environment);
            Assert.Equal(result.Config is null, result.Problems.Length > 0);
            Assert.True(result.Problems.Length <= ProblemList.CountMax);
            if (result.Config is null)
                return;

            Assert.All(result.Config.Programs, program => Assert.NotEmpty(program.Launch.Command));
            Assert.Equal(result.Config.Programs.Length, result.Config.Programs.Select(program => program.Policy.Name).Distinct().Count());
            MemoryFiles files = new() { Texts = { ["/app/x.conf"] = Encoding.UTF8.GetString(content) } };
            _ = SupervisordImport.Convert("x.conf", files, SupervisordFolders.Environment);
        }
        catch (Exception exception) when (exception is not Xunit.Sdk.XunitException)
        {
            Assert.Fail($"{label}: {exception}\n{Encoding.UTF8.GetString(content)}");
        }
    }
}
