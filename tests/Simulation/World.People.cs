using System.Collections.Immutable;
using Init.Supervision;

namespace Simulation;

/// <content>What people ask for.</content>
public sealed partial class World
{
    private void Command()
    {
        switch (_dice.Below(100))
        {
            case < 22:
                Enqueue(new SystemEvent.StartAsked(SomeNames()));
                break;
            case < 44:
                Enqueue(new SystemEvent.StopAsked(SomeNames()));
                break;
            case < 60:
                Enqueue(new SystemEvent.RestartAsked(SomeNames(), Rolling: false));
                break;
            case < 67:
                Enqueue(new SystemEvent.RestartAsked(SomeNames(), Rolling: true));
                break;
            case < 75:
                foreach (Subject scheduled in _subjects.Values.Where(subject => subject.Policy.Scheduled).ToArray())
                    Enqueue(new SystemEvent.ScheduleDue(scheduled.Name));
                break;
            case < 90:
                Enqueue(new Reload());
                break;
            case < 96 when _subjects.Count > 0:
                Subject subject = _dice.PickFrom([.. _subjects.Values]);
                subject.Installed = !subject.Policy.Optional || _dice.Chance(0.6);
                if (_core.Knows(subject.Name))
                    _core.NoteInstalled(subject.Name, subject.Installed);
                break;
            case < 98 when _step > _steps / 3 || _shutdownBegan:
                Enqueue(new SystemEvent.ShutdownAsked());
                break;
            case 98 when _step > _steps / 2 || _shutdownBegan:
                Enqueue(new SystemEvent.FastShutdownAsked());
                break;
            default:
                break;
        }
    }

    private ImmutableArray<string> SomeNames()
    {
        string[] names = [.. _subjects.Keys];
        if (names.Length == 0)
            return [];
        if (_dice.Chance(0.1))
            return [.. names];

        var some = new List<string>();
        int count = _dice.Between(1, Math.Min(4, names.Length));
        for (int i = 0; i < count; i++)
            some.Add(_dice.PickFrom(names));
        if (_dice.Chance(0.03))
            some.Add("nobody");
        return [.. some.Distinct()];
    }
}
