-- The routing of the original container, written again from what is documented of it: rules as JSON in shared memory, decoded once for each worker and version, and looked
-- through from the first to the last for each request. The highest (priority, length of path_prefix, length of referer_substr) wins, the first of several.
local cjson = require "cjson.safe"

local M = {}
local cached_text, cached_rules

local function rules()
    local text = ngx.shared.route_dict:get("route_rules_json")
    if text ~= cached_text then
        cached_text, cached_rules = text, cjson.decode(text) or {}
    end
    return cached_rules
end

local function begins_with(text, prefix)
    return string.sub(text, 1, #prefix) == prefix
end

local function header_holds(condition, headers)
    local value = headers[condition.name]
    if type(value) == "table" then value = value[1] end
    if not value then return false end
    if condition.contains and not string.find(value, condition.contains, 1, true) then return false end
    if condition.regex and not ngx.re.find(value, condition.regex, "jo") then return false end
    return true
end

local function holds(match)
    local var = ngx.var
    if match.path_equal and var.uri ~= match.path_equal then return false end
    if match.path_prefix and not begins_with(var.uri, match.path_prefix) then return false end
    if match.host and var.host ~= match.host then return false end
    if match.method and ngx.req.get_method() ~= match.method then return false end
    if match.referer_substr or match.referer_regex then
        local referer = var.http_referer
        if not referer or referer == "" then return false end
        if match.referer_substr and not string.find(referer, match.referer_substr, 1, true) then return false end
        if match.referer_regex and not ngx.re.find(referer, match.referer_regex, "jo") then return false end
    end
    if match.headers then
        local headers = ngx.req.get_headers()
        for _, condition in ipairs(match.headers) do
            if not header_holds(condition, headers) then return false end
        end
    end
    return true
end

function M.choose()
    local best, priority, prefix, referer = nil, -1, -1, -1
    for _, rule in ipairs(rules()) do
        local match = rule.match or {}
        if holds(match) then
            local p, l, r = tonumber(rule.priority) or 0, #(match.path_prefix or ""), #(match.referer_substr or "")
            if p > priority or (p == priority and (l > prefix or (l == prefix and r > referer))) then
                best, priority, prefix, referer = rule, p, l, r
            end
        end
    end
    return best
end

function M.route(backend_of)
    local rule = M.choose()
    if rule and rule.action == "redirect" then
        return ngx.redirect(rule.redirect_to or "/", 301)
    end
    if rule then
        for _, header in ipairs(rule.set_headers or {}) do
            ngx.req.set_header(header.name, header.value)
        end
    end
    ngx.var.target = backend_of((rule and rule.backend) or ngx.shared.route_dict:get("default_backend"))
end

function M.load(path)
    local file = assert(io.open(path))
    local document = assert(cjson.decode(file:read("*a")))
    file:close()
    ngx.shared.route_dict:set("default_backend", document.default_backend)
    ngx.shared.route_dict:set("route_rules_json", cjson.encode(document.rules))
end

return M
