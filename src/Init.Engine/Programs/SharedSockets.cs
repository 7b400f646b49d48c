using Init.Config;
using Init.Linux;

namespace Init.Engine.Programs;

/// <summary>
/// Listening sockets that the processes of a group share as their stdin (FastCGI). Each is made once, before the first process starts, lives over all restarts, and
/// goes when nothing configured uses it any more.
/// </summary>
public sealed class SharedSockets : IDisposable
{
    private readonly Dictionary<SharedSocket, int> _open = [];

    /// <summary>The listening descriptor, which stays ours. It is made now if it could not be made before.</summary>
    /// <exception cref="SyscallException">Somebody else listens there, or the place cannot be written to.</exception>
    public int Get(SharedSocket socket)
    {
        if (!_open.TryGetValue(socket, out int fd))
            _open.Add(socket, fd = Open(socket));
        return fd;
    }

    /// <summary>Makes what is missing and takes away what no program uses any more.</summary>
    /// <returns>What could not be made, for people. A start of a program tries again.</returns>
    public IEnumerable<string> Configure(IEnumerable<ProgramDefinition> programs)
    {
        HashSet<SharedSocket> wanted = [.. programs.Select(program => program.Launch.Socket).OfType<SharedSocket>()];
        foreach (SharedSocket unused in _open.Keys.Where(socket => !wanted.Contains(socket)).ToList())
            Close(unused);

        var problems = new List<string>();
        foreach (SharedSocket socket in wanted)
        {
            try
            {
                _ = Get(socket);
            }
            catch (SyscallException exception)
            {
                problems.Add($"group \"{socket.Group}\": {exception.Message}");
            }
        }

        return problems;
    }

    public void Dispose()
    {
        foreach (SharedSocket socket in _open.Keys.ToList())
            Close(socket);
    }

    private static int Open(SharedSocket socket)
    {
        int backlog = socket.Backlog ?? UnixSockets.LargestBacklog;
        if (socket.UnixPath is not { } path)
        {
            string place = $"{socket.Address?.ToString() ?? "*"}:{socket.Port.ToString(System.Globalization.CultureInfo.InvariantCulture)}";
            return Ready(TcpSockets.Listen(socket.Address, socket.Port, backlog).OrThrow("listen on", place));
        }

        int fd = Ready(UnixSockets.Listen(path, socket.Mode, backlog).OrThrow("listen on", path));
        if (socket.Owner is not { } owner)
            return fd;

        int errno = Users.Resolve(owner, out string problem) is { } identity ? Files.ChangeOwner(path, identity.Uid, identity.Gid) : Errno.EINVAL;
        if (errno == 0)
            return fd;

        Files.Close(fd);
        _ = Files.Unlink(path);
        throw new SyscallException($"give {path} to", problem.Length > 0 && errno == Errno.EINVAL ? problem : owner, errno);
    }

    /// <summary>Those who accept on it expect to wait in accept(2).</summary>
    private static int Ready(int fd)
    {
        _ = Files.SetNonBlocking(fd, nonBlocking: false);
        return fd;
    }

    private void Close(SharedSocket socket)
    {
        Files.Close(_open[socket]);
        _open.Remove(socket);
        if (socket.UnixPath is { } path)
            _ = Files.Unlink(path); // ENOENT: somebody was faster.
    }
}
