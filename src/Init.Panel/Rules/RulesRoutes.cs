using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Init.Panel.Rules;

/// <summary>Every path of the interface to the rules. openapi.json of this project describes them, and a test holds the one against the other.</summary>
public static class RulesRoutes
{
    /// <param name="routes">Where they are added.</param>
    /// <param name="root">In front of every path.</param>
    /// <param name="services">What they work with.</param>
    public static void Map(IEndpointRouteBuilder routes, string root, RulesServices services)
    {
        ArgumentNullException.ThrowIfNull(services);
        Add("GET", "/routes", RulesApi.ListAsync);
        Add("PUT", "/routes", RulesApi.ReplaceAllAsync);
        Add("POST", "/routes/rules", RulesApi.CreateAsync);
        Add("GET", "/routes/rules/{id}", RulesApi.GetAsync);
        Add("PUT", "/routes/rules/{id}", RulesApi.ReplaceAsync);
        Add("PATCH", "/routes/rules/{id}", RulesApi.PatchAsync);
        Add("DELETE", "/routes/rules/{id}", RulesApi.DeleteAsync);
        Add("POST", "/routes/rules/{id}/move", RulesApi.MoveAsync);
        Add("PUT", "/routes/order", RulesApi.ReorderAsync);
        Add("PUT", "/routes/default-backend", RulesApi.SetDefaultBackendAsync);
        Add("POST", "/routes/validation", RulesApi.ValidateAsync);
        Add("POST", "/routes/import", RulesApi.ImportAsync);
        Add("GET", "/routes/export", RulesApi.ExportAsync);
        Add("POST", "/routes/undo", RulesApi.UndoAsync);

        Add("GET", "/routes/history", RuleViews.HistoryAsync);
        Add("GET", "/routes/history/{revision}", RuleViews.HistoryEntryAsync);
        Add("GET", "/routes/effective", RuleViews.EffectiveAsync);
        Add("POST", "/routes/dry-run", RuleViews.DryRunAsync);
        Add("GET", "/routes/statistics", RuleViews.StatisticsAsync);

        void Add(string method, string path, Func<RulesCall, Task> answer) =>
            routes.MapMethods(root + path, [method], (RequestDelegate)(context => answer(new RulesCall(context, services))));
    }
}
