using Init.TomlJson;

return Tool.Run(Console.OpenStandardInput(), Console.OpenStandardOutput(), Console.Error);
