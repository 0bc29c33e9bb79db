SELECT request.actual, request.found, stored.position, request.now
FROM request
LEFT JOIN stored ON stored.tenant_id = request.tenant_id
                AND stored.aggregate_id = request.aggregate_id
                AND stored.version = request.actual + request.events
ORDER BY request.number;
