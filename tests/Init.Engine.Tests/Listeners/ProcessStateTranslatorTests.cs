using Init.Base;
using Init.Config;
using Init.Engine.Listeners;
using Init.Supervision;

namespace Init.Engine.Tests.Listeners;

/// <summary>Each test is one life of a program as the core tells it, and what listeners hear of it.</summary>
public sealed class ProcessStateTranslatorTests
{
    private readonly ProgramDefinition _program = new()
    {
        Policy = new ProgramPolicy { Name = "g:web", Program = "web" },
        Launch = new LaunchSpec(),
        GroupName = "g",
        At = new SourcePosition("x", 1, 1),
    };

    private readonly ProcessStateTranslator _translator = new();
    private readonly List<string> _heard = [];
    private int? _pid;
    private int? _lastPid;

    [Fact]
    public void StartRunStop()
    {
        Phase(ProgramPhase.Starting);
        Spawn(42);
        Phase(ProgramPhase.Running);
        Phase(ProgramPhase.Stopping);
        End(expected: true);
        Phase(ProgramPhase.Stopped);

        Heard(
            "STARTING from_state:STOPPED tries:0",
            "RUNNING from_state:STARTING pid:42",
            "STOPPING from_state:RUNNING pid:42",
            "STOPPED from_state:STOPPING pid:42");
    }

    [Theory]
    [InlineData(true, "expected:1")]
    [InlineData(false, "expected:0")]
    public void RunningProcessThatEnds_HasExited_WhateverComesNext(bool expected, string word)
    {
        Run(42);
        End(expected);
        Phase(ProgramPhase.Backoff);
        Phase(ProgramPhase.Starting);

        Heard($"EXITED from_state:RUNNING {word} pid:42", "STARTING from_state:EXITED tries:0");
    }

    [Fact]
    public void OneShotThatEnds_HasExitedOnce()
    {
        Run(42);
        End(expected: true);
        Phase(ProgramPhase.Exited);

        Heard("EXITED from_state:RUNNING expected:1 pid:42");
    }

    [Fact]
    public void OneShotThatEndsBeforeItIsRunning_HasExited()
    {
        Phase(ProgramPhase.Starting);
        Spawn(42);
        End(expected: true);
        Phase(ProgramPhase.Exited);

        Heard("STARTING from_state:STOPPED tries:0", "EXITED from_state:STARTING expected:1 pid:42");
    }

    [Fact]
    public void FailedStarts_AreCounted_UntilItIsGivenUp()
    {
        for (int i = 0; i < 2; i++)
        {
            Phase(ProgramPhase.Starting);
            Spawn(42 + i);
            End(expected: false);
            Phase(i == 0 ? ProgramPhase.Backoff : ProgramPhase.Fatal);
        }

        Heard(
            "STARTING from_state:STOPPED tries:0",
            "BACKOFF from_state:STARTING tries:1",
            "STARTING from_state:BACKOFF tries:1",
            "BACKOFF from_state:STARTING tries:2",
            "FATAL from_state:BACKOFF");
    }

    [Fact]
    public void CommandThatCannotBeStarted_IsABackoff()
    {
        Phase(ProgramPhase.Starting);
        Phase(ProgramPhase.Backoff);
        Phase(ProgramPhase.Fatal);

        Heard("STARTING from_state:STOPPED tries:0", "BACKOFF from_state:STARTING tries:1", "FATAL from_state:BACKOFF");
    }

    [Fact]
    public void Restart_PassesThroughStopped()
    {
        Run(42);
        Phase(ProgramPhase.Stopping);
        End(expected: true);
        Phase(ProgramPhase.Starting);

        Heard("STOPPING from_state:RUNNING pid:42", "STOPPED from_state:STOPPING pid:42", "STARTING from_state:STOPPED tries:0");
    }

    [Fact]
    public void Waiting_IsToldWhenTheStartReallyBegins()
    {
        Phase(ProgramPhase.Waiting);
        Assert.Empty(_heard);

        Phase(ProgramPhase.Starting);
        Heard("STARTING from_state:STOPPED tries:0");
    }

    [Fact]
    public void RestartThatWaits_HasStoppedMeanwhile()
    {
        Run(42);
        Phase(ProgramPhase.Stopping);
        End(expected: true);
        Phase(ProgramPhase.Waiting);
        Phase(ProgramPhase.Stopped);

        Heard("STOPPING from_state:RUNNING pid:42", "STOPPED from_state:STOPPING pid:42");
    }

    [Fact]
    public void StopWhileItWaitsForTheNextTry_HasNoProcess()
    {
        Phase(ProgramPhase.Starting);
        Spawn(42);
        End(expected: false);
        Phase(ProgramPhase.Backoff);
        Phase(ProgramPhase.Stopped);

        Heard("STARTING from_state:STOPPED tries:0", "BACKOFF from_state:STARTING tries:1", "STOPPED from_state:BACKOFF pid:0");
    }

    [Fact]
    public void HookAfterTheEnd_IsNoStopping()
    {
        Run(42);
        End(expected: false);
        Phase(ProgramPhase.Stopping);
        Phase(ProgramPhase.Backoff);
        Phase(ProgramPhase.Starting);

        Heard("EXITED from_state:RUNNING expected:0 pid:42", "STARTING from_state:EXITED tries:0");
    }

    [Fact]
    public void ProgramThatDoesNotBecomeReady_IsStoppedAndTriedAgain()
    {
        Phase(ProgramPhase.Starting);
        Spawn(42);
        Phase(ProgramPhase.Stopping);
        End(expected: true);
        Phase(ProgramPhase.Backoff);

        Heard("STARTING from_state:STOPPED tries:0", "STOPPING from_state:STARTING pid:42", "BACKOFF from_state:STOPPING tries:1");
    }

    [Fact]
    public void Absent_IsNotTold()
    {
        Phase(ProgramPhase.Absent);

        Assert.Empty(_heard);
    }

    private void Run(int pid)
    {
        Phase(ProgramPhase.Starting);
        Spawn(pid);
        Phase(ProgramPhase.Running);
        _heard.Clear();
    }

    private void Spawn(int pid) => _pid = _lastPid = pid;

    private void End(bool expected)
    {
        _pid = null;
        Tell(new ProgramNotice.ProcessEnded(ExitStatus.Exited(expected ? 0 : 1), expected));
    }

    private void Phase(ProgramPhase to) => Tell(new ProgramNotice.PhaseChanged(ProgramPhase.Stopped, to, null));

    private void Tell(ProgramNotice notice)
    {
        foreach (SupervisordEvent happening in _translator.Translate(_program, notice, _pid, _lastPid))
        {
            const string Names = "processname:web groupname:g ";
            Assert.StartsWith(Names, happening.Body, StringComparison.Ordinal);
            Assert.Equal("g:web", happening.Instance);
            _heard.Add($"{happening.Type["PROCESS_STATE_".Length..]} {happening.Body[Names.Length..]}");
        }
    }

    private void Heard(params string[] events) => Assert.Equal(events, _heard);
}
