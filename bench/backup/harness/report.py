"""What was measured, beside what was wanted."""
import os


class Report:
    def __init__(self):
        self.rows, self.goals, self.notes, self.failures = [], [], [], []
        self.memory = 0

    def row(self, what, who, took, new=None, note=''):
        """`new`: bytes sent, or that a store has grown by."""
        text = f'| {what} | {who} | {took.wall:.2f} s | {took.cpu:.2f} s | {took.memory} MB ({took.anonymous}) | {"" if new is None else f"{new / 1000:,.0f} kB"} | {note} |'
        print(text, flush=True)
        self.rows.append(text)
        if who == 'init':
            self.memory = max(self.memory, took.memory)

    def missing(self, what, who, why):
        text = f'| {what} | {who} | {why} | | | | |'
        print(text, flush=True)
        self.rows.append(text)

    def goal(self, figure, wanted, value, isReached, peers=''):
        text = f'| {figure} | {wanted} | {value} | {"yes" if isReached else "**no**"} | {peers} |'
        print(text, flush=True)
        self.goals.append(text)

    def fail(self, part, problem):
        text = f'{part}: {problem}'
        print(f'FAILED: {text}', flush=True)
        self.failures.append(text)

    def text(self, head):
        lines = [head, '', '| figure | goal | init | reached | in the same run |', '| --- | --- | ---: | --- | --- |', *self.goals, '']
        if self.failures:
            lines += ['**Parts that failed**, and whose figures are missing:', '', *(f'- {failure}' for failure in self.failures), '']
        lines += ['| | | wall | processor | memory (anonymous) | new in the store, or sent | |', '| --- | --- | ---: | ---: | ---: | ---: | --- |', *self.rows, '']
        return '\n'.join(lines + self.notes) + '\n'

    def write(self, path, head):
        """In one step: a run that is ended leaves the last results."""
        with open(path + '.new', 'w') as f:
            f.write(self.text(head))
        os.replace(path + '.new', path)
