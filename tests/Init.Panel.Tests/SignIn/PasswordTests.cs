using Init.Panel.SignIn;

namespace Init.Panel.Tests.SignIn;

public sealed class PasswordTests
{
    [Fact]
    public void Hash_OfAPassword_KnowsItAgainAndNoOther()
    {
        PasswordHash hash = PasswordHash.TryParse(PasswordHash.Of("päss word 密码", iterations: 1000).ToString())!;

        Assert.True(hash.IsOf("päss word 密码"));
        Assert.False(hash.IsOf("pass word 密码"));
        Assert.False(hash.IsOf(""));
    }

    [Fact]
    public void Hash_OfTheSamePassword_IsAnotherEachTime() => Assert.NotEqual(PasswordHash.Of("x", 1).ToString(), PasswordHash.Of("x", 1).ToString());

    [Fact]
    public void Hash_ByDefault_TakesOwaspsIterations() => Assert.StartsWith("pbkdf2-sha256$600000$", PasswordHash.Of("x").ToString());

    /// <summary>hashlib.pbkdf2_hmac("sha256", b"passwordPASSWORD", bytes(range(16)), 80000, 32).</summary>
    [Fact]
    public void Hash_AgainstPythons_IsTheSame() =>
        Assert.True(PasswordHash.TryParse("pbkdf2-sha256$80000$AAECAwQFBgcICQoLDA0ODw==$dHa5fsS1PbQhwPpvp3XY+O9WCHNnrocfNNNIcFkCwjg=")!.IsOf("passwordPASSWORD"));

    [Theory]
    [InlineData("")]
    [InlineData("hunter22")]
    [InlineData("pbkdf2-sha256$0$AAECAwQFBgcICQoLDA0ODw==$dHa5fsS1PbQhwPpvp3XY+O9WCHNnrocfNNNIcFkCwjg=")]
    [InlineData("pbkdf2-sha256$999999999$AAECAwQFBgcICQoLDA0ODw==$dHa5fsS1PbQhwPpvp3XY+O9WCHNnrocfNNNIcFkCwjg=")]
    [InlineData("pbkdf2-sha256$1000$AAEC$dHa5fsS1PbQhwPpvp3XY+O9WCHNnrocfNNNIcFkCwjg=")]
    [InlineData("pbkdf2-sha256$1000$AAECAwQFBgcICQoLDA0ODw==$")]
    [InlineData("pbkdf2-sha256$1000$AAECAwQFBgcICQoLDA0ODw==$AAAA$")]
    public void Hash_ThatIsNone_IsRefused(string text) => Assert.Null(PasswordHash.TryParse(text));

    [Fact]
    public void MadeUpPasswords_AreLongAndDifferent()
    {
        string[] some = [.. Enumerable.Range(0, 100).Select(_ => PasswordRules.MakeUp())];

        Assert.Equal(some.Length, some.Distinct().Count());
        Assert.All(some, password => Assert.Matches("^([a-hjkmnp-z2-9]{5}-){3}[a-hjkmnp-z2-9]{5}$", password));
        Assert.True(20 * Math.Log2(some.SelectMany(password => password.Replace("-", "")).Distinct().Count()) > 90);
    }

    /// <summary>Every case: what is stored, ADMIN_PASSWORD, the file of the original.</summary>
    [Theory]
    [InlineData(null, null, false, null, PasswordSource.Generated, 0)]
    [InlineData(null, "longenough", false, null, PasswordSource.Environment, 0)]
    [InlineData(null, "longenough", false, "original-one", PasswordSource.Environment, 0)]
    [InlineData(null, "short", false, null, PasswordSource.Generated, 1)]
    [InlineData(null, "short", false, "original-one", PasswordSource.Original, 1)]
    [InlineData(null, null, false, "original-one", PasswordSource.Original, 0)]
    [InlineData(null, null, false, "admin", PasswordSource.Generated, 1)]
    [InlineData(null, null, false, "1234567", PasswordSource.Generated, 1)]
    [InlineData(PasswordSource.Generated, null, false, null, null, 0)]
    [InlineData(PasswordSource.Generated, null, false, "original-one", PasswordSource.Original, 0)]
    [InlineData(PasswordSource.Generated, null, false, "admin", null, 1)]
    [InlineData(PasswordSource.Person, null, false, "original-one", null, 0)]
    [InlineData(PasswordSource.Environment, null, false, "original-one", null, 0)]
    [InlineData(PasswordSource.Original, null, false, "original-two", null, 0)]
    [InlineData(PasswordSource.Person, "longenough", true, null, null, 0)]
    [InlineData(PasswordSource.Environment, "longenough", true, null, null, 0)]
    [InlineData(PasswordSource.Person, "longenough", false, null, PasswordSource.Environment, 0)]
    [InlineData(PasswordSource.Person, "short", false, null, null, 1)]
    internal void Choice_AtTheStart_IsTheNewestDecisionOfAPerson(PasswordSource? stored, string? given, bool isKnown, string? original, PasswordSource? expected, int notes)
    {
        PasswordChoice choice = PasswordChoice.Decide(stored, given, isKnown, original);

        Assert.Equal(expected, choice.Take);
        Assert.Equal(notes, choice.Notes.Length);
        Assert.All(choice.Notes, note => Assert.DoesNotContain("1234567", note));
    }
}
