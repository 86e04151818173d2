"""What runs inside Redis: a script sees and changes a key's counters in one step.

Times are microseconds, exact in Lua's numbers until the year 2255. The first two arguments are the
caller's time and the largest skew: within it the server's own clock counts.
"""

_NOW = """
local clock = redis.call('TIME')
local server = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local now = tonumber(ARGV[1])
if math.abs(server - now) <= tonumber(ARGV[2]) then now = server end
local function text(number) return string.format('%.0f', number) end
"""

COUNT = """
-- ARGV[1] and the answer are 64-bit integers: one argument is read faster than seven. The
-- caller's time, the largest skew, how many requests to count one after the other or 0 to look;
-- then of each key: limit (-1: none), cost, used elsewhere, length (0: a period), milliseconds to
-- keep it. Answers now, then of each request used and room of each key.
local now, skew, requests = struct.unpack('>i8i8i8', ARGV[1])
local clock = redis.call('TIME')
local server = clock[1] * 1000000 + clock[2]
if math.abs(server - now) <= skew then now = server end
local counting, answer = requests > 0, struct.pack('>i8', now)
for _ = 1, math.max(requests, 1) do
  local fits, totals = true, {}
  for i, key in ipairs(KEYS) do
    local limit, cost, before, length = struct.unpack('>i8i8i8i8', ARGV[1], 40 * i - 15)
    local used, over, room, oldest = before, 0, 0, nil
    if length == 0 then
      used = math.max(tonumber(redis.call('GET', key) or 0), before)
    else
      oldest = redis.call('LINDEX', key, '-1')
      while oldest and tonumber(oldest) <= now - length do
        if counting then redis.call('RPOP', key) else over = over + 1 end
        oldest = redis.call('LINDEX', key, -1 - over)
      end
      used = oldest and redis.call('LLEN', key) - over or 0
    end
    if limit >= 0 and used + cost > limit then
      fits = false
      if length > 0 then
        local past = math.min(used + cost - limit, used)
        local last = past > 1 and redis.call('LINDEX', key, -over - past) or oldest
        room = used > 0 and tonumber(last) + length or now
      end
    end
    totals[i] = used + cost
    answer = answer .. struct.pack('>i8i8', used, room)
  end
  if counting and fits then
    for i, key in ipairs(KEYS) do
      local cost, _, length, keep = struct.unpack('>i8i8i8i8', ARGV[1], 40 * i - 7)
      if length == 0 then
        redis.call('SET', key, totals[i], 'PX', keep)
      else
        for _ = 1, cost do redis.call('LPUSH', key, now) end
        redis.call('PEXPIRE', key, keep)
      end
    end
  end
end
return answer
"""

TAKE_BACK = """
-- Of each key: cost, length (0: a period).
for i, key in ipairs(KEYS) do
  local cost = tonumber(ARGV[2 * i - 1])
  if tonumber(ARGV[2 * i]) > 0 then
    for _ = 1, cost do redis.call('LPOP', key) end
  else
    local used = redis.call('GET', key)
    if used then
      local left = math.max(tonumber(used) - cost, 0)
      redis.call('SET', key, string.format('%.0f', left), 'KEEPTTL')
    end
  end
end
"""

_HELD = (
    _NOW
    + """
-- A hash of leases: since when and until when. Those that are over are forgotten on the way. One
-- that gave way ends before it began: its beginning is until when that is remembered.
local key, held, oldest, remembered = KEYS[1], 0, nil, 0
local since, ends, taken = {}, {}, {}
local found = redis.call('HGETALL', key)
for i = 1, #found, 2 do
  local lease = found[i]
  local opened, expires = string.match(found[i + 1], '(%d+) (%d+)')
  opened, expires = tonumber(opened), tonumber(expires)
  if opened > expires and opened > now then
    remembered, taken[lease] = remembered + 1, true
  elseif expires > now and opened <= expires then
    held, since[lease], ends[lease] = held + 1, opened, expires
    local first = oldest and since[oldest]
    if not first or since[lease] < first or (since[lease] == first and lease < oldest) then
      oldest = lease
    end
  elseif ARGV[3] == '1' then
    redis.call('HDEL', key, lease)
  end
end
local function hold(lease, opened)
  local lasts = tonumber(ARGV[5])
  redis.call('HSET', key, lease, text(opened) .. ' ' .. text(now + lasts))
  local keep = math.ceil(lasts / 1000) + 60000
  if redis.call('PTTL', key) < keep then redis.call('PEXPIRE', key, keep) end
end
"""
)

OPEN = (
    _HELD
    + """
-- ARGV[3]: 1 tidies up; then lease, how long it lasts, limit (-1: none), whether to take over, and
-- how many of those that gave way are remembered.
local lease, limit = ARGV[4], tonumber(ARGV[6])
if since[lease] then
  hold(lease, since[lease])
  return {1, held, ''}
end
local evicted = ''
if limit >= 0 and held >= limit then
  if ARGV[7] ~= '1' or not oldest or limit == 0 then return {0, held, ''} end
  evicted = oldest
  if remembered < tonumber(ARGV[8]) then
    redis.call('HSET', key, evicted, text(now + tonumber(ARGV[5])) .. ' ' .. text(now))
  else
    redis.call('HDEL', key, evicted)
  end
  held = held - 1
end
hold(lease, now)
return {1, held + 1, evicted}
"""
)

KEEP = (
    _HELD
    + """
local lease = ARGV[4]
if not since[lease] then return taken[lease] and -1 or 0 end
hold(lease, since[lease])
return 1
"""
)

HELD = (
    _HELD
    + """
local leases = {}
for lease, opened in pairs(since) do
  leases[#leases + 1] = {lease, text(opened), text(ends[lease])}
end
return leases
"""
)
