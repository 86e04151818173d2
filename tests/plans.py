"""A catalog with every kind of plan, in small numbers."""

CATALOG = """
[catalog]
name = "plans"
currency = "USD"
list_price = "0.01"
effective_from = 2020-01-01T00:00:00Z

[products.rows]
[[products.rows.endpoints]]
method = "GET"
path = "/rows"
data = { per = 1, unit = "rows", credits = 1 }

[plans.small]
title = "Small"
fee = "30.00"
allowance = 300

[plans.big]
title = "Big"
fee = "90.00"
allowance = 900
postpaid_limit = 50

[plans.carry]
title = "Carry"
fee = "30.00"
allowance = 100
rollover = "carry"
carry_cap = 150

[plans.keep]
title = "Keep"
fee = "30.00"
allowance = 100
rollover = "carry"

[plans.try]
title = "Try"
fee = "30.00"
allowance = 300
[plans.try.trial]
days = 14
credits = 20

[plans.lasting]
title = "Lasting"
fee = "30.00"
allowance = 300
rollover = "carry"
postpaid_limit = 50
[plans.lasting.trial]
days = 14
credits = 20

[plans.annual]
title = "Annual"
fee = "300.00"
interval = "year"
allowance = 4000

[plans.endless]
title = "Endless"
fee = "500.00"
unlimited = true

[guest]
credits = 50
lifetime_hours = 24
"""
