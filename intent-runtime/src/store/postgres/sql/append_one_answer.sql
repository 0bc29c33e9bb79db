SELECT request.actual, request.found, (SELECT position FROM stored), request.now FROM request;
