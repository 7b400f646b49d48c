using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Init.Admin.Http;

/// <summary>Answers without an end may be read slowly: someone who pages through a log takes his time.</summary>
public static class SlowReaders
{
    /// <summary>Who takes less is gone, or will never catch up: with what the sockets hold, that is about an hour.</summary>
    private static readonly MinDataRate Slowest = new(bytesPerSecond: 16, gracePeriod: TimeSpan.FromMinutes(1));

    public static void Allow(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
            rate.MinDataRate = Slowest;
    }
}
