using Init.Applets;

namespace Init.Control.Tests.Commands;

public class RunOptionsTests
{
    [Theory]
    [InlineData("-n -c /etc/x.conf", "/etc/x.conf", "nodaemon=true")]
    [InlineData("-nc/etc/x.conf", "/etc/x.conf", "nodaemon=true")]
    [InlineData("-c x --nodaemon --user=root", "x", "nodaemon=true user=root")]
    [InlineData("--configuration x --logf /dev/null", null, "--logf may be --logfile or --logfile_maxbytes or --logfile_backups")]
    [InlineData("--conf=x -l /dev/null -y 0 -z 3 -e debug -j /p -i id -q /q -a 5 --minprocs 6 -k -t -s -m 022 -d /d", "x", "childlogdir=/q directory=/d identifier=id logfile=/dev/null logfile_backups=3 logfile_maxbytes=0 loglevel=debug minfds=5 minprocs=6 nocleanup=true pidfile=/p silent=true strip_ansi=true umask=022")]
    [InlineData("", null, "")]
    [InlineData("-c", null, "--configuration needs a value")]
    [InlineData("-x", null, "there is no option -x")]
    [InlineData("--nodaemon=1", null, "--nodaemon takes no value")]
    [InlineData("start", null, "\"start\" is no option")]
    [InlineData("--profile_options=cumulative", null, "--profile_options is for Python's profiler, which there is none of here")]
    public void Parse_AsSupervisord_TakesItsOptions(string line, string? file, string expected)
    {
        RunOptions? options = RunOptions.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries), asSupervisord: true, out string problem);

        string actual = options is null ? problem : string.Join(' ', options.Supervisord.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value}"));
        Assert.Equal(expected, actual);
        Assert.Equal(file, options?.File);
    }

    [Theory]
    [InlineData("-c x", "x", "")]
    [InlineData("--config x -n", "x", "")]
    [InlineData("--config=x", "x", "")]
    [InlineData("-l x", null, "--logfile is an option of supervisord; write it into the configuration")]
    [InlineData("-v", null, "--version is an option of supervisord; write it into the configuration")]
    public void Parse_AsInitRun_TakesAFileOnly(string line, string? file, string expected)
    {
        RunOptions? options = RunOptions.Parse(line.Split(' '), asSupervisord: false, out string problem);

        Assert.Equal(expected, problem);
        Assert.Equal(file, options?.File);
    }
}
