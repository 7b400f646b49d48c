using System.Text;
using Init.Admin.XmlRpc;
using Init.Control;
using Init.XmlRpc;

namespace Init.Admin.Tests.XmlRpc;

public sealed class XmlRpcEndpointTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_795_254_537);

    private readonly FakeBackend _backend = new();
    private readonly XmlRpcEndpoint _endpoint;

    public XmlRpcEndpointTests() => _endpoint = new XmlRpcEndpoint(_backend, new FixedClock());

    /// <summary>What supervisord 4.2.5 says about itself.</summary>
    [Theory]
    [InlineData("supervisor.addProcessGroup", "boolean string")]
    [InlineData("supervisor.clearAllProcessLogs", "array")]
    [InlineData("supervisor.clearLog", "boolean")]
    [InlineData("supervisor.clearProcessLog", "boolean string")]
    [InlineData("supervisor.clearProcessLogs", "boolean string")]
    [InlineData("supervisor.getAPIVersion", "string")]
    [InlineData("supervisor.getAllConfigInfo", "array")]
    [InlineData("supervisor.getAllProcessInfo", "array")]
    [InlineData("supervisor.getIdentification", "string")]
    [InlineData("supervisor.getPID", "int")]
    [InlineData("supervisor.getProcessInfo", "struct string")]
    [InlineData("supervisor.getState", "struct")]
    [InlineData("supervisor.getSupervisorVersion", "string")]
    [InlineData("supervisor.getVersion", "string")]
    [InlineData("supervisor.readLog", "string int int")]
    [InlineData("supervisor.readMainLog", "string int int")]
    [InlineData("supervisor.readProcessLog", "string string int int")]
    [InlineData("supervisor.readProcessStderrLog", "string string int int")]
    [InlineData("supervisor.readProcessStdoutLog", "string string int int")]
    [InlineData("supervisor.reloadConfig", "array")]
    [InlineData("supervisor.removeProcessGroup", "boolean string")]
    [InlineData("supervisor.restart", "boolean")]
    [InlineData("supervisor.sendProcessStdin", "boolean string string")]
    [InlineData("supervisor.sendRemoteCommEvent", "boolean string string")]
    [InlineData("supervisor.shutdown", "boolean")]
    [InlineData("supervisor.signalAllProcesses", "array string")]
    [InlineData("supervisor.signalProcess", "boolean string string")]
    [InlineData("supervisor.signalProcessGroup", "array string string")]
    [InlineData("supervisor.startAllProcesses", "array boolean")]
    [InlineData("supervisor.startProcess", "boolean string boolean")]
    [InlineData("supervisor.startProcessGroup", "array string boolean")]
    [InlineData("supervisor.stopAllProcesses", "array boolean")]
    [InlineData("supervisor.stopProcess", "boolean string boolean")]
    [InlineData("supervisor.stopProcessGroup", "array string boolean")]
    [InlineData("supervisor.tailProcessLog", "array string int int")]
    [InlineData("supervisor.tailProcessStderrLog", "array string int int")]
    [InlineData("supervisor.tailProcessStdoutLog", "array string int int")]
    [InlineData("system.listMethods", "array")]
    [InlineData("system.methodHelp", "string string")]
    [InlineData("system.methodSignature", "array string")]
    [InlineData("system.multicall", "array array")]
    public async Task Method_WhenAskedAbout_HasSupervisordsSignature(string name, string signature)
    {
        Assert.Equal(XmlRpcValue.Of(signature.Split(' ')), await CallAsync("system.methodSignature", XmlRpcValue.Of(name)));
        Assert.NotEqual(XmlRpcValue.Of(""), await CallAsync("system.methodHelp", XmlRpcValue.Of(name)));
        XmlRpcValue.Array all = Assert.IsType<XmlRpcValue.Array>(await CallAsync("system.listMethods"));
        Assert.Contains(XmlRpcValue.Of(name), all.Items);
        Assert.Equal(41, all.Items.Count);
    }

    [Theory]
    [InlineData("getState")]
    [InlineData("supervisor.nope")]
    [InlineData("supervisor._update")]
    [InlineData("supervisor.getState.x")]
    [InlineData("a.b.c")]
    [InlineData("supervisor")]
    public async Task Call_WhenTheMethodIsUnknown_IsFault1(string method) => Assert.Equal("1 UNKNOWN_METHOD", await FaultAsync(method));

    [Fact]
    public async Task Call_WhenParametersAreOfTheWrongNumberOrType_IsFault2()
    {
        _backend.Add("web", "web", 20, pid: 7);
        XmlRpcValue web = XmlRpcValue.Of("web"), five = XmlRpcValue.Of(5);

        Assert.Equal("2 INCORRECT_PARAMETERS", await FaultAsync("supervisor.getState", five));
        Assert.Equal("2 INCORRECT_PARAMETERS", await FaultAsync("supervisor.startProcess"));
        Assert.Equal("2 INCORRECT_PARAMETERS", await FaultAsync("supervisor.startProcess", web, XmlRpcValue.Of(true), five));
        Assert.Equal("2 INCORRECT_PARAMETERS", await FaultAsync("supervisor.startProcess", five));
        Assert.Equal("2 INCORRECT_PARAMETERS", await FaultAsync("supervisor.startProcess", web, web));
        Assert.Equal("2 INCORRECT_PARAMETERS", await FaultAsync("supervisor.readLog", web, five));
        Assert.Equal("2 INCORRECT_PARAMETERS", await FaultAsync("supervisor.sendProcessStdin", web, five));
        Assert.Equal("2 INCORRECT_PARAMETERS", await FaultAsync("system.multicall", web));
        Assert.Equal("4 SIGNATURE_UNSUPPORTED", await FaultAsync("system.methodHelp", web));
        Assert.Empty(_backend.Asked);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<methodCall/>")]
    [InlineData("<!DOCTYPE a><methodCall><methodName>supervisor.getState</methodName></methodCall>")]
    public async Task Request_WhenItIsNoCall_Is400(string body) =>
        Assert.Equal(400, (await _endpoint.AnswerAsync(Encoding.UTF8.GetBytes(body), CancellationToken.None)).StatusCode);

    [Fact]
    public async Task Call_WhileShuttingDown_IsFault6()
    {
        _backend.State = "shutting-down";
        _backend.Add("web", "web", 20, pid: 7);

        Assert.Equal("6 SHUTDOWN_STATE", await FaultAsync("supervisor.getState"));
        Assert.Equal("6 SHUTDOWN_STATE", await FaultAsync("supervisor.stopProcess", XmlRpcValue.Of("web")));
        Assert.Equal("6 SHUTDOWN_STATE", await FaultAsync("supervisor.getAllProcessInfo"));
        Assert.Equal(XmlRpcValue.Of(true), await CallAsync("supervisor.sendRemoteCommEvent", XmlRpcValue.Of("a"), XmlRpcValue.Of("b")));
    }

    [Fact]
    public async Task Call_WhenTheSupervisorRefusesOrIsGone_IsAFault()
    {
        _backend.Answer = _ => new ControlAnswer.Refused(new ControlError(ErrorCode.ShuttingDown, "cannot: it ends"));
        Assert.Equal("6 SHUTDOWN_STATE", await FaultAsync("supervisor.shutdown"));

        _backend.Answer = _ => new ControlAnswer.Lost("it is gone");
        Assert.Equal("30 FAILED: it is gone", await FaultAsync("supervisor.shutdown"));
    }

    [Fact]
    public async Task Supervisor_WhenAskedAboutItself_Answers()
    {
        Assert.Equal(XmlRpcValue.Of("3.0"), await CallAsync("supervisor.getVersion"));
        Assert.Equal(XmlRpcValue.Of("3.0"), await CallAsync("supervisor.getAPIVersion"));
        Assert.Equal(XmlRpcValue.Of(42), await CallAsync("supervisor.getPID"));
        Assert.Equal(XmlRpcValue.Of("supervisor"), await CallAsync("supervisor.getIdentification"));
        Assert.Equal(XmlRpcValue.Of(("statecode", XmlRpcValue.Of(1)), ("statename", XmlRpcValue.Of("RUNNING"))), await CallAsync("supervisor.getState"));
    }

    // --- Multicall ----------------------------------------------------------------------------------------------------

    [Fact]
    public async Task Multicall_WhenCallsAreMixed_AnswersEachInItsPlace()
    {
        XmlRpcValue Of(string method, params XmlRpcValue[] parameters) => XmlRpcValue.Of(("methodName", XmlRpcValue.Of(method)), ("params", XmlRpcValue.Of(parameters)));
        XmlRpcValue Fault(int code, string text) => XmlRpcValue.Of(("faultCode", XmlRpcValue.Of(code)), ("faultString", XmlRpcValue.Of(text)));

        XmlRpcValue result = await CallAsync("system.multicall", XmlRpcValue.Of(
        [
            Of("supervisor.getPID"),
            Of("supervisor.getProcessInfo", XmlRpcValue.Of("nope")),
            Of("system.multicall", XmlRpcValue.Of(Array.Empty<XmlRpcValue>())),
            XmlRpcValue.Of(("params", XmlRpcValue.Of(Array.Empty<XmlRpcValue>()))),
            XmlRpcValue.Of("x"),
            XmlRpcValue.Of(("methodName", XmlRpcValue.Of("supervisor.getVersion"))),
            XmlRpcValue.Of(("methodName", XmlRpcValue.Of("supervisor.getVersion")), ("params", XmlRpcValue.Of("x"))),
        ]));

        Assert.Equal(
            XmlRpcValue.Of(
            [
                XmlRpcValue.Of(42),
                Fault(10, "BAD_NAME: nope"),
                Fault(2, "INCORRECT_PARAMETERS: Recursive system.multicall forbidden"),
                Fault(2, "INCORRECT_PARAMETERS: No methodName"),
                Fault(2, "INCORRECT_PARAMETERS: No methodName"),
                XmlRpcValue.Of("3.0"),
                Fault(2, "INCORRECT_PARAMETERS"),
            ]),
            result);
    }

    // --- Processes ----------------------------------------------------------------------------------------------------

    [Fact]
    public async Task ProcessInfo_WhenRunning_HasAllMembers()
    {
        _backend.Add("bots", "cat", 20, pid: 7, startedAt: (Now.ToUnixTimeSeconds() - 93_784) * 1000, stoppedAt: 5_000);

        XmlRpcValue info = await CallAsync("supervisor.getProcessInfo", XmlRpcValue.Of("bots:cat"));

        Assert.Equal(
            XmlRpcValue.Of(
                ("name", XmlRpcValue.Of("cat")),
                ("group", XmlRpcValue.Of("bots")),
                ("start", XmlRpcValue.Of(Now.ToUnixTimeSeconds() - 93_784)),
                ("stop", XmlRpcValue.Of(5)),
                ("now", XmlRpcValue.Of(Now.ToUnixTimeSeconds())),
                ("state", XmlRpcValue.Of(20)),
                ("statename", XmlRpcValue.Of("RUNNING")),
                ("spawnerr", XmlRpcValue.Of("")),
                ("exitstatus", XmlRpcValue.Of(0)),
                ("logfile", XmlRpcValue.Of("/logs/cat.log")),
                ("stdout_logfile", XmlRpcValue.Of("/logs/cat.log")),
                ("stderr_logfile", XmlRpcValue.Of("")),
                ("pid", XmlRpcValue.Of(7)),
                ("description", XmlRpcValue.Of("pid 7, uptime 1 day, 2:03:04"))),
            info);
    }

    [Theory]
    [InlineData(0, null, "", "STOPPED", 0, "Not started")]
    [InlineData(10, 1L, "", "STARTING", 10, "")]
    [InlineData(30, 1L, "Exited too quickly (process log may have details)", "BACKOFF", 30, "Exited too quickly (process log may have details)")]
    [InlineData(40, 1L, "", "STOPPING", 40, "")]
    [InlineData(200, 1L, "", "FATAL", 200, "unknown error (try \"tail cat\")")]
    [InlineData(1001, null, "", "STARTING", 10, "in our own words")]
    [InlineData(1002, null, "", "STOPPED", 0, "in our own words")]
    public async Task ProcessInfo_InEachState_SaysWhatSupervisordSays(int state, long? started, string spawnError, string name, int code, string description)
    {
        _backend.Add("cat", "cat", state, startedAt: started * 1000, spawnError: spawnError);

        XmlRpcValue.Struct info = Assert.IsType<XmlRpcValue.Struct>(await CallAsync("supervisor.getProcessInfo", XmlRpcValue.Of("cat")));

        Assert.Equal(XmlRpcValue.Of(name), info["statename"]);
        Assert.Equal(XmlRpcValue.Of(code), info["state"]);
        Assert.Equal(XmlRpcValue.Of(description), info["description"]);
    }

    [Fact]
    public async Task ProcessInfo_WhenItHasEnded_SaysWhenInLocalTime()
    {
        DateTimeOffset stopped = new(new DateTime(2026, 11, 21, 15, 3, 0, DateTimeKind.Local));
        _backend.Add("cat", "cat", 100, startedAt: 1000, stoppedAt: stopped.ToUnixTimeMilliseconds());

        XmlRpcValue.Struct info = Assert.IsType<XmlRpcValue.Struct>(await CallAsync("supervisor.getProcessInfo", XmlRpcValue.Of("cat:cat")));

        Assert.Equal(XmlRpcValue.Of("Nov 21 03:03 PM"), info["description"]);
    }

    [Fact]
    public async Task AllProcessInfo_WhenListed_IsByGroupThenName()
    {
        _backend.Add("b", "z", 0);
        _backend.Add("b", "B", 0);
        _backend.Add("a", "c", 0);

        XmlRpcValue.Array all = Assert.IsType<XmlRpcValue.Array>(await CallAsync("supervisor.getAllProcessInfo"));

        Assert.Equal(["a:c", "b:B", "b:z"], all.Items.Cast<XmlRpcValue.Struct>().Select(info => $"{((XmlRpcValue.Text)info["group"]!).Value}:{((XmlRpcValue.Text)info["name"]!).Value}"));
    }

    [Theory]
    [InlineData("nope")]
    [InlineData("cat")]
    [InlineData("bots")]
    [InlineData("bots:nope")]
    [InlineData("bots:*")]
    [InlineData("bots:")]
    [InlineData(":cat")]
    [InlineData(":")]
    [InlineData("")]
    [InlineData("all")]
    [InlineData("bots:cat:x")]
    [InlineData("a\u0001b")]
    public async Task ProcessInfo_WhenNoProcessIsCalledSo_IsFault10(string name)
    {
        _backend.Add("bots", "cat", 20, pid: 7);

        Assert.Equal($"10 BAD_NAME: {name.Replace('\u0001', '?')}", await FaultAsync("supervisor.getProcessInfo", XmlRpcValue.Of(name)));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(20)]
    [InlineData(30)]
    [InlineData(1001)]
    public async Task Start_WhenItIsUpOrOnItsWay_IsFault60(int state)
    {
        _backend.Add("bots", "cat", state);

        Assert.Equal("60 ALREADY_STARTED: bots:cat", await FaultAsync("supervisor.startProcess", XmlRpcValue.Of("bots:cat")));
        Assert.Empty(_backend.Asked);
    }

    [Theory]
    [InlineData(OutcomeCode.Failed, "Exited too quickly (process log may have details)", "50 SPAWN_ERROR: cat")]
    [InlineData(OutcomeCode.Failed, "can't find command 'x'", "20 NO_FILE: can't find command 'x'")]
    [InlineData(OutcomeCode.Failed, "command at '/x' is not executable", "21 NOT_EXECUTABLE: command at '/x' is not executable")]
    [InlineData(OutcomeCode.Failed, "command at '/x' is a directory", "21 NOT_EXECUTABLE: command at '/x' is a directory")]
    [InlineData(OutcomeCode.Failed, "no permission to run command '/x'", "21 NOT_EXECUTABLE: no permission to run command '/x'")]
    [InlineData(OutcomeCode.Failed, "too many open files to spawn 'cat'", "50 SPAWN_ERROR: cat")]
    [InlineData(OutcomeCode.Failed, "", "40 ABNORMAL_TERMINATION: cat")]
    [InlineData(OutcomeCode.TimedOut, "", "40 ABNORMAL_TERMINATION: cat")]
    [InlineData(OutcomeCode.Waiting, "", "40 ABNORMAL_TERMINATION: cat")]
    [InlineData(OutcomeCode.Absent, "", "20 NO_FILE: cat")]
    [InlineData(OutcomeCode.UnknownProgram, "", "10 BAD_NAME: cat")]
    public async Task Start_WhenItFails_HasSupervisordsFault(string outcome, string spawnError, string fault)
    {
        _backend.Add("cat", "cat", 0, spawnError: spawnError);
        _backend.Outcome = (_, name) => new ControlItem.Outcome(name, outcome);

        Assert.Equal(fault, await FaultAsync("supervisor.startProcess", XmlRpcValue.Of("cat")));
    }

    [Fact]
    public async Task Start_WhenToldSo_DoesNotWait()
    {
        _backend.Add("cat", "cat", 100);

        Assert.Equal(XmlRpcValue.Of(true), await CallAsync("supervisor.startProcess", XmlRpcValue.Of("cat"), XmlRpcValue.Of(false)));
        Assert.Equal(XmlRpcValue.Of(true), await CallAsync("supervisor.startProcess", XmlRpcValue.Of("cat")));

        Assert.Equal([false, true], _backend.Asked.Cast<ControlRequest.Start>().Select(start => start.Wait));
    }

    [Theory]
    [InlineData("supervisor.startProcessGroup", "bots")]
    [InlineData("supervisor.startProcess", "bots:*")]
    [InlineData("supervisor.startProcess", "bots:")]
    public async Task StartOfAGroup_WhenSomeFail_TellsOfEach(string method, string name)
    {
        _backend.Add("bots", "a", 0);
        _backend.Add("bots", "b", 20, pid: 7);
        _backend.Add("bots", "c", 200, spawnError: "Exited too quickly (process log may have details)");
        _backend.Add("other", "a", 0);
        _backend.Outcome = (_, instance) => new ControlItem.Outcome(instance, instance == "bots:c" ? OutcomeCode.Failed : OutcomeCode.Started);

        Assert.Equal(
            XmlRpcValue.Of([Result("bots", "a", 80, "OK"), Result("bots", "c", 50, "SPAWN_ERROR: bots:c")]),
            await CallAsync(method, XmlRpcValue.Of(name)));
    }

    [Fact]
    public async Task StopOfAll_WhenSomeAreDown_PassesThemOver()
    {
        _backend.Add("a", "a", 0);
        _backend.Add("b", "b", 30);
        _backend.Add("c", "c", 40, pid: 7);

        Assert.Equal(XmlRpcValue.Of([Result("b", "b", 80, "OK")]), await CallAsync("supervisor.stopAllProcesses"));
        Assert.Equal("70 NOT_RUNNING: c", await FaultAsync("supervisor.stopProcess", XmlRpcValue.Of("c")));
        Assert.Equal("10 BAD_NAME: nope", await FaultAsync("supervisor.stopProcessGroup", XmlRpcValue.Of("nope")));
    }

    [Fact]
    public async Task AnActOnEverything_WhenThereIsNothingToDo_IsAnEmptyArray()
    {
        Assert.Equal(XmlRpcValue.Of(Array.Empty<XmlRpcValue>()), await CallAsync("supervisor.startAllProcesses"));
        Assert.Empty(_backend.Asked);
    }

    [Fact]
    public async Task Signal_WhenNamedInAnyWay_IsSent()
    {
        _backend.Add("cat", "cat", 20, pid: 7);
        XmlRpcValue cat = XmlRpcValue.Of("cat");

        foreach (XmlRpcValue signal in new[] { XmlRpcValue.Of("HUP"), XmlRpcValue.Of("sighup"), XmlRpcValue.Of("1"), XmlRpcValue.Of(1) })
            Assert.Equal(XmlRpcValue.Of(true), await CallAsync("supervisor.signalProcess", cat, signal));

        Assert.Equal([1, 1, 1, 1], _backend.Asked.Cast<ControlRequest.Signal>().Select(signal => signal.SignalNumber));
        Assert.Equal("11 BAD_SIGNAL: NOPE", await FaultAsync("supervisor.signalProcess", cat, XmlRpcValue.Of("NOPE")));
        Assert.Equal(XmlRpcValue.Of([Result("cat", "cat", 11, "BAD_SIGNAL: 99")]), await CallAsync("supervisor.signalAllProcesses", XmlRpcValue.Of("99")));
        _backend.Programs.Clear();
        _backend.Add("cat", "cat", 100);
        Assert.Equal("70 NOT_RUNNING: cat", await FaultAsync("supervisor.signalProcess", cat, XmlRpcValue.Of("HUP")));
        Assert.Equal(XmlRpcValue.Of(Array.Empty<XmlRpcValue>()), await CallAsync("supervisor.signalProcessGroup", cat, XmlRpcValue.Of("HUP")));
    }

    // --- Logs ---------------------------------------------------------------------------------------------------------

    [Theory]
    [InlineData(0, 0, "0123456789")]
    [InlineData(4, 0, "456789")]
    [InlineData(4, 3, "456")]
    [InlineData(8, 100, "89")]
    [InlineData(100, 5, "")]
    [InlineData(-3, 0, "789")]
    [InlineData(-300, 0, "0123456789")]
    [InlineData(-3, 1, "3 BAD_ARGUMENTS")]
    [InlineData(3, -1, "3 BAD_ARGUMENTS")]
    public async Task ReadLog_AtEachOffset_GivesWhatSupervisordGives(int offset, int length, string expected)
    {
        _backend.Add("cat", "cat", 20, pid: 7);
        _backend.Logs["cat:Stdout"] = _backend.Logs[""] = "0123456789"u8.ToArray();

        Assert.Equal(expected, await ShowAsync("supervisor.readProcessStdoutLog", XmlRpcValue.Of("cat"), XmlRpcValue.Of(offset), XmlRpcValue.Of(length)));
        Assert.Equal(expected, await ShowAsync("supervisor.readLog", XmlRpcValue.Of(offset), XmlRpcValue.Of(length)));
    }

    /// <summary>Expected is what supervisord's tailFile gives for a file of ten bytes.</summary>
    [Theory]
    [InlineData(0, 20, "0123456789", false)]
    [InlineData(0, 10, "0123456789", false)]
    [InlineData(0, 4, "6789", true)]
    [InlineData(5, 5, "56789", false)]
    [InlineData(7, 5, "56789", false)]
    [InlineData(10, 5, "", false)]
    [InlineData(12, 5, "", false)]
    [InlineData(0, 0, "", true)]
    public async Task TailLog_AtEachOffset_GivesWhatSupervisordGives(int offset, int length, string text, bool overflow)
    {
        _backend.Add("cat", "cat", 20, pid: 7);
        _backend.Logs["cat:Stdout"] = "0123456789"u8.ToArray();

        Assert.Equal(
            XmlRpcValue.Of([XmlRpcValue.Of(text), XmlRpcValue.Of(10), XmlRpcValue.Of(overflow)]),
            await CallAsync("supervisor.tailProcessStdoutLog", XmlRpcValue.Of("cat"), XmlRpcValue.Of(offset), XmlRpcValue.Of(length)));
    }

    [Fact]
    public async Task Log_WhenItIsLongerThanAPiece_IsReadWhole()
    {
        _backend.Add("cat", "cat", 20, pid: 7);
        byte[] log = new byte[(3 * 1024 * 1024) + 5];
        Array.Fill(log, (byte)'x');
        log[^1] = 0xff;
        _backend.Logs["cat:Stdout"] = log;

        string text = await ShowAsync("supervisor.readProcessStdoutLog", XmlRpcValue.Of("cat"), XmlRpcValue.Of(0), XmlRpcValue.Of(0));

        Assert.Equal(log.Length, text.Length);
        Assert.Equal('\ufffd', text[^1]);
    }

    [Fact]
    public async Task Log_WhenItIsNotThere_IsFault20()
    {
        _backend.Add("cat", "cat", 20, pid: 7);
        XmlRpcValue cat = XmlRpcValue.Of("cat"), zero = XmlRpcValue.Of(0);

        Assert.Equal("20 NO_FILE: /logs/cat.log", await FaultAsync("supervisor.readProcessStdoutLog", cat, zero, zero));
        Assert.Equal("20 NO_FILE", await FaultAsync("supervisor.readProcessStderrLog", cat, zero, zero));
        Assert.Equal("20 NO_FILE", await FaultAsync("supervisor.readLog", zero, zero));
        Assert.Equal("10 BAD_NAME: nope", await FaultAsync("supervisor.readProcessStdoutLog", XmlRpcValue.Of("nope"), zero, zero));
        Assert.Equal(XmlRpcValue.Of([XmlRpcValue.Of(""), zero, XmlRpcValue.Of(false)]), await CallAsync("supervisor.tailProcessStdoutLog", cat, zero, zero));
        _backend.Answer = _ => new ControlAnswer.Refused(new ControlError(ErrorCode.NoLog, "none"));
        Assert.Equal("20 NO_FILE", await FaultAsync("supervisor.clearLog"));
    }

    [Fact]
    public async Task Clear_WhenAskedFor_TellsOfEach()
    {
        _backend.Add("a", "a", 0);
        _backend.Add("b", "b", 0);
        _backend.Outcome = (_, name) => new ControlItem.Outcome(name, name == "b" ? OutcomeCode.Failed : OutcomeCode.NoLog);

        Assert.Equal(XmlRpcValue.Of(true), await CallAsync("supervisor.clearProcessLogs", XmlRpcValue.Of("a")));
        Assert.Equal("30 FAILED: b", await FaultAsync("supervisor.clearProcessLog", XmlRpcValue.Of("b")));
        Assert.Equal("10 BAD_NAME: a:*", await FaultAsync("supervisor.clearProcessLogs", XmlRpcValue.Of("a:*")));
        Assert.Equal(XmlRpcValue.Of([Result("a", "a", 80, "OK"), Result("b", "b", 30, "FAILED: b")]), await CallAsync("supervisor.clearAllProcessLogs"));
    }

    // --- Groups, input, events ----------------------------------------------------------------------------------------

    [Theory]
    [InlineData("supervisor.addProcessGroup", ErrorCode.UnknownGroup, "10 BAD_NAME: g")]
    [InlineData("supervisor.addProcessGroup", ErrorCode.AlreadyAdded, "90 ALREADY_ADDED: g")]
    [InlineData("supervisor.removeProcessGroup", ErrorCode.StillRunning, "91 STILL_RUNNING: g")]
    [InlineData("supervisor.removeProcessGroup", ErrorCode.UnknownGroup, "10 BAD_NAME: g")]
    [InlineData("supervisor.removeProcessGroup", ErrorCode.Failed, "30 FAILED: cannot")]
    public async Task Group_WhenItIsRefused_HasSupervisordsFault(string method, string error, string fault)
    {
        _backend.Answer = _ => new ControlAnswer.Refused(new ControlError(error, "cannot"));

        Assert.Equal(fault, await FaultAsync(method, XmlRpcValue.Of("g")));
    }

    [Fact]
    public async Task ReloadConfig_WhenItIsRead_GivesGroupsInAnArrayInAnArray()
    {
        _backend.Answer = _ => new ControlAnswer.Done(new ControlResult.Changes(false, [], [], new GroupChanges(["a"], ["b", "c"], [])));
        Assert.Equal(
            XmlRpcValue.Of([XmlRpcValue.Of([XmlRpcValue.Of(["a"]), XmlRpcValue.Of(["b", "c"]), XmlRpcValue.Of(Array.Empty<string>())])]),
            await CallAsync("supervisor.reloadConfig"));

        _backend.Answer = _ => new ControlAnswer.Refused(new ControlError(ErrorCode.InvalidConfig, "cannot", Problems: ["f:1:2: bad"]));
        Assert.Equal("92 CANT_REREAD: f:1:2: bad", await FaultAsync("supervisor.reloadConfig"));
    }

    [Fact]
    public async Task Input_WhenItIsLong_IsSentInPieces()
    {
        _backend.Add("cat", "cat", 20, pid: 7);
        string text = string.Concat(Enumerable.Repeat("ü\n", 10_000));

        Assert.Equal(XmlRpcValue.Of(true), await CallAsync("supervisor.sendProcessStdin", XmlRpcValue.Of("cat"), XmlRpcValue.Of(text)));

        byte[] sent = [.. _backend.Asked.Cast<ControlRequest.SendInput>().SelectMany(input => input.Bytes.ToArray())];
        Assert.Equal(text, Encoding.UTF8.GetString(sent));
        Assert.True(_backend.Asked.Count > 1);
    }

    [Fact]
    public async Task Input_WhenItCannotBeSent_HasSupervisordsFault()
    {
        _backend.Add("cat", "cat", 20, pid: 7);
        _backend.Add("off", "off", 0);
        XmlRpcValue text = XmlRpcValue.Of("x");

        Assert.Equal("70 NOT_RUNNING: off", await FaultAsync("supervisor.sendProcessStdin", XmlRpcValue.Of("off"), text));
        Assert.Equal("10 BAD_NAME: nope", await FaultAsync("supervisor.sendProcessStdin", XmlRpcValue.Of("nope"), text));
        _backend.Answer = _ => new ControlAnswer.Refused(new ControlError(ErrorCode.NoInput, "cannot"));
        Assert.Equal("20 NO_FILE: cat", await FaultAsync("supervisor.sendProcessStdin", XmlRpcValue.Of("cat"), text));
    }

    [Fact]
    public async Task ConfigInfo_WhenListed_HasSupervisordsMembersAndTypes()
    {
        _backend.Answer = _ => new ControlAnswer.Done(new ControlResult.Config(
        [
            new ProgramSettings { Name = "z", Program = "z", Group = "z", Process = "z", Command = "cat", Autorestart = "true", Configured = true, StartSeconds = 1.5, StopSignal = 15, ExitCodes = [0, 2] },
            new ProgramSettings { Name = "old", Program = "old", Group = "old", Process = "old", Command = "cat", Autorestart = "true", InUse = true },
            new ProgramSettings { Name = "a", Program = "a", Group = "z", Process = "a", Command = "cat", Autorestart = "true", Configured = true, Uid = 7, Stdout = new LogSettings { IsAuto = true }, Stderr = new LogSettings { File = "/e" } },
        ]));

        XmlRpcValue.Array all = Assert.IsType<XmlRpcValue.Array>(await CallAsync("supervisor.getAllConfigInfo"));

        Assert.Equal(2, all.Items.Count);
        XmlRpcValue.Struct first = (XmlRpcValue.Struct)all.Items[0], second = (XmlRpcValue.Struct)all.Items[1];
        Assert.Equal(29, first.Members.Count);
        Assert.Equal<XmlRpcValue[]>(
            [XmlRpcValue.Of("a"), XmlRpcValue.Of(7), XmlRpcValue.Of("auto"), XmlRpcValue.Of("/e"), XmlRpcValue.Of("none")],
            [.. new[] { "name", "uid", "stdout_logfile", "stderr_logfile", "directory" }.Select(key => first[key]!)]);
        Assert.Equal<XmlRpcValue[]>(
            [XmlRpcValue.Of("none"), XmlRpcValue.Of(2), XmlRpcValue.Of([XmlRpcValue.Of(0), XmlRpcValue.Of(2)]), XmlRpcValue.Of(int.MaxValue), XmlRpcValue.Of("none")],
            [.. new[] { "uid", "startsecs", "exitcodes", "startretries", "stdout_logfile" }.Select(key => second[key]!)]);
    }

    private static XmlRpcValue Result(string group, string name, int status, string description) => XmlRpcValue.Of(
        ("name", XmlRpcValue.Of(name)), ("group", XmlRpcValue.Of(group)), ("status", XmlRpcValue.Of(status)), ("description", XmlRpcValue.Of(description)));

    private async Task<XmlRpcResponse> AskAsync(string method, XmlRpcValue[] parameters)
    {
        XmlRpcReply reply = await _endpoint.AnswerAsync(XmlRpcWriter.WriteRequest(method, parameters), CancellationToken.None);
        Assert.Equal(200, reply.StatusCode);
        return XmlRpcReader.ReadResponse(reply.Body);
    }

    private async Task<XmlRpcValue> CallAsync(string method, params XmlRpcValue[] parameters) => Assert.IsType<XmlRpcResponse.Success>(await AskAsync(method, parameters)).Value;

    private async Task<string> FaultAsync(string method, params XmlRpcValue[] parameters)
    {
        XmlRpcResponse.Fault fault = Assert.IsType<XmlRpcResponse.Fault>(await AskAsync(method, parameters));
        return $"{fault.Code} {fault.Message}";
    }

    private async Task<string> ShowAsync(string method, params XmlRpcValue[] parameters) => await AskAsync(method, parameters) switch
    {
        XmlRpcResponse.Fault fault => $"{fault.Code} {fault.Message}",
        XmlRpcResponse.Success(XmlRpcValue.Text text) => text.Value,
        var other => other.ToString(),
    };

    private sealed class FixedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Now;
    }
}
