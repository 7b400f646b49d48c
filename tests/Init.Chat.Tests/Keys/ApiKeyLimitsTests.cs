using Init.Chat.Keys;

namespace Init.Chat.Tests.Keys;

public sealed class ApiKeyLimitsTests
{
    [Fact]
    public void Json_WhenReadBack_IsTheSame()
    {
        ApiKeyLimits limits = new()
        {
            Users = ["alice", "group_*"],
            Models = ["chat"],
            RequestsPerMinute = 60,
            TokensPerMinute = 1000,
            TokensPerDay = 5000,
            BudgetPerDay = 0.25m,
            BudgetPerMonth = 5m,
            Expires = new DateTimeOffset(2027, 1, 2, 3, 4, 5, TimeSpan.Zero),
        };

        Assert.Equal(limits.ToJson(), ApiKeyLimits.Parse(limits.ToJson()).ToJson());
        Assert.Equal(
            """{"users":["alice","group_*"],"models":["chat"],"requests_per_minute":60,"tokens_per_minute":1000,"tokens_per_day":5000,"budget_per_day":0.25,"budget_per_month":5,"expires":"2027-01-02T03:04:05+00:00"}""",
            limits.ToJson());
    }

    [Fact]
    public void Parse_WhenAllIsLeftOut_LimitsNothing()
    {
        ApiKeyLimits limits = ApiKeyLimits.Parse("{}");

        Assert.True(limits.IsForAllUsers);
        Assert.True(limits.AllowsUser("anybody") && limits.AllowsModel("anything"));
        Assert.Equal("no limits", limits.ToString());
    }

    /// <summary>A limit of a later version that this one does not know must not be left out silently.</summary>
    [Theory]
    [InlineData("""{"requests_per_moon":1}""")]
    [InlineData("""{"requests_per_minute":"many"}""")]
    [InlineData("")]
    [InlineData("[]")]
    public void Parse_WhenItIsNotUnderstood_Refuses(string json) => Assert.Throws<FormatException>(() => ApiKeyLimits.Parse(json));

    [Theory]
    [InlineData("alice", true)]
    [InlineData("Alice", false)]
    [InlineData("alic", false)]
    [InlineData("alice2", false)]
    [InlineData("group_", true)]
    [InlineData("group_1", true)]
    [InlineData("agroup_1", false)]
    [InlineData("", false)]
    [InlineData("..", false)]
    public void AllowsUser_WhenSomeAreNamed_AllowsThese(string user, bool isAllowed) => Assert.Equal(isAllowed, new ApiKeyLimits { Users = ["alice", "group_*"] }.AllowsUser(user));

    [Fact]
    public void AllowsModel_WhenSomeAreNamed_ComparesWithoutCase() => Assert.True(new ApiKeyLimits { Models = ["Chat"] }.AllowsModel("chat"));

    [Fact]
    public void Problems_WhenValuesAreOutOfRange_NamesEach()
    {
        ApiKeyLimits limits = new() { Users = [""], RequestsPerMinute = 0, TokensPerMinute = -1, TokensPerDay = 0, BudgetPerDay = 0, BudgetPerMonth = -1 };

        Assert.Equal(["users", "requests_per_minute", "tokens_per_minute", "tokens_per_day", "budget_per_day", "budget_per_month"], limits.Problems().Select(problem => problem.Split(':')[0]));
        Assert.Empty(ApiKeyLimits.None.Problems());
    }
}
