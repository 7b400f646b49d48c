using Fake;

// dotnet FakeProvider.dll [PORT]: an OpenAI-compatible provider on loopback that misbehaves as it is told, until it is ended. It prints its address.
await using FakeProvider provider = await FakeProvider.StartAsync(args.Length > 0 ? int.Parse(args[0]) : 0);
Console.WriteLine(provider.Url);
await provider.Ended;
