"""The billed units of a day, by organization and product."""

from collections.abc import Iterable, Mapping

from creditctl.store.engine import UnitOfWork


def volumes_of(
    unit: UnitOfWork, places: Iterable[tuple[int, int, int]]
) -> dict[tuple[int, int, int], int]:
    """Units by (day, organization, product); 0 where none is booked."""
    found = {}
    for day, organization_id, product_id in places:
        units = unit.fetch_value(
            """
            SELECT units FROM volume_day
            WHERE day = :day AND organization_id = :organization_id AND product_id = :product_id
            """,
            day=day,
            organization_id=organization_id,
            product_id=product_id,
        )
        found[day, organization_id, product_id] = int(units or 0)
    return found


def put_volumes(unit: UnitOfWork, volumes: Mapping[tuple[int, int, int], int]) -> None:
    """Write the units of these days; their organizations are locked."""
    rows = [
        {"day": day, "organization_id": organization_id, "product_id": product_id, "units": units}
        for (day, organization_id, product_id), units in sorted(volumes.items())
    ]
    unit.run_many(
        """
        INSERT INTO volume_day (day, organization_id, product_id, units)
        VALUES (:day, :organization_id, :product_id, :units)
        ON CONFLICT (day, organization_id, product_id) DO UPDATE SET units = excluded.units
        """,
        rows,
    )
